/**
 * Doctor: is everything there that a session needs? A *check* looks at one thing and tells who can mend
 * it and how; looking changes nothing. It asks the server three questions at most.
 */
export interface CheckResult {
  /** Stable: `server`, `token`, `clock` and so on. */
  id: string
  /** What was looked at, a few words. */
  title: string
  /** `skip`: could not be looked at, because something before it is missing. */
  state: 'ok' | 'warn' | 'fail' | 'skip'
  /** One sentence. */
  message: string
  /** Who can mend it: the person here, an administrator, or `agnes doctor --fix`. */
  who: 'you' | 'admin' | 'agnes'
  /** The command that mends it, or the step where there is none; `null` when nothing is to mend. */
  mend: string | null
  /** What a failure of it means for the exit code of `doctor`; 0 for warnings. */
  exitCode: number
}

export interface Check {
  id: string
  title: string
  /** Ids of checks that must be `ok` or `warn`, else this one is skipped. */
  needs: readonly string[]
  run(signal: AbortSignal): Promise<Finding>
}

export type Finding =
  | {state: 'ok'; message: string}
  | {
      state: 'warn' | 'fail'
      message: string
      who: CheckResult['who']
      mend: string
      exitCode?: number
    }

export function ok(message: string): Finding {
  return {state: 'ok', message}
}
