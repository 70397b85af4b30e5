import {toAgnesError, type AgnesError} from '../errors.js'
import type {CheckResult} from './check.js'
import {examine, worstOf} from './examine.js'
import type {OpenedDoctor} from './open-doctor.js'

/** The `--json` document of `agnes doctor`. */
export interface DoctorReport {
  /** Absolute. */
  workspace: string
  /** No check failed; warnings are allowed. */
  ok: boolean
  checks: CheckResult[]
  /** Commands that `--fix` ran, and why one did not work; empty without. */
  fixed: {command: string; error: string | null}[]
}

/** Looks; with `isFix` mends what can be mended from here, and looks again. */
export async function seeDoctor(
  open: () => Promise<OpenedDoctor>,
  {workspace, isFix}: {workspace: string; isFix: boolean},
  signal: AbortSignal,
): Promise<{report: DoctorReport; failure: AgnesError | undefined}> {
  const {checks, fixes} = await open()
  let results = await examine(checks, signal)
  const fixed: DoctorReport['fixed'] = []
  const due = isFix ? results.filter(({who, mend}) => who === 'agnes' && mend !== null) : []
  for (const command of new Set(due.flatMap(({mend}) => mend ?? []))) {
    const fix = fixes.get(command)
    if (fix) fixed.push({command, error: await problemOf(fix, signal)})
  }
  if (fixed.length > 0) results = await examine((await open()).checks, signal)
  const failure = worstOf(results)
  return {report: {workspace, ok: failure === undefined, checks: results, fixed}, failure}
}

async function problemOf(
  fix: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await fix(signal)
    return null
  } catch (error) {
    signal.throwIfAborted()
    return toAgnesError(error).message
  }
}
