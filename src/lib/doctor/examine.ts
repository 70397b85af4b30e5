import {AgnesError, toAgnesError} from '../errors.js'
import type {Check, CheckResult, Finding} from './check.js'

/** Every check, those that do not wait for another one at the same time; in the order given. */
export async function examine(
  checks: readonly Check[],
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const running = new Map<string, Promise<CheckResult>>()
  const start = (check: Check): Promise<CheckResult> => {
    const needed = check.needs.map((id) => running.get(id))
    const result = runCheck(check, needed, signal)
    running.set(check.id, result)
    return result
  }
  return Promise.all(checks.map(start))
}

async function runCheck(
  {id, title, run}: Check,
  needed: readonly (Promise<CheckResult> | undefined)[],
  signal: AbortSignal,
): Promise<CheckResult> {
  const base = {id, title, who: 'you' as const, mend: null, exitCode: 0}
  for (const before of await Promise.all(needed))
    if (before?.state === 'fail' || before?.state === 'skip')
      return {...base, state: 'skip', message: `Not looked at: ${before.title} comes first.`}
  const finding = await run(signal).catch((error: unknown) => findingOf(error, signal))
  if (finding.state === 'ok') return {...base, ...finding}
  const exitCode = finding.state === 'warn' ? 0 : (finding.exitCode ?? 1)
  return {...base, ...finding, exitCode}
}

/** What broke a check is what it found. */
function findingOf(thrown: unknown, signal: AbortSignal): Finding {
  signal.throwIfAborted()
  const {message, hint, exitCode} = toAgnesError(thrown)
  return {
    state: 'fail',
    message,
    who: 'you',
    mend: hint ?? 'Run: agnes doctor --json',
    exitCode,
  }
}

/** The worst of the results as an error; `undefined` when none failed. */
export function worstOf(results: readonly CheckResult[]): AgnesError | undefined {
  const failed = results.filter(({state}) => state === 'fail')
  const [first] = failed
  if (!first) return undefined
  const names = failed.map(({title}) => title).join(', ')
  return new DoctorError(`${failed.length} of ${results.length} checks failed: ${names}.`, first)
}

/** Exits with the code of the first thing that is wrong: the others often follow from it. */
class DoctorError extends AgnesError {
  readonly exitCode: number

  constructor(message: string, {exitCode, mend}: CheckResult) {
    super(message, 'checks_failed', {hint: mend ?? 'Run: agnes doctor'})
    this.exitCode = exitCode
  }
}
