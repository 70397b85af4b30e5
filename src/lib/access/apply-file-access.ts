import {readNamedFile} from './access-file.js'
import {countPlan, type AccessAction, type AccessPlan, type KeptThing} from './access-model.js'
import {
  applyAccess,
  applyFailure,
  planFor,
  type AppliedAction,
  type ApplyOutcome,
} from './apply-access.js'
import type {PartialError} from '../errors.js'
import type {Access} from './open-access.js'
import {readDesired, type PlanResult} from './plan-file-access.js'
import {readPlan, refuseStale} from './plan-file.js'

export interface ApplyResult {
  /** Origin. */
  server: string
  /** As named. */
  path: string
  prune: boolean
  /** Read again afterwards, everything is as the file says. */
  ok: boolean
  /** `remaining` is `null` when the result could not be read any more. */
  counts: {done: number; failed: number; skipped: number; kept: number; remaining: number | null}
  applied: AppliedAction[]
  /** What still is not as the file says; `null` when it could not be read any more. */
  remaining: AccessAction[] | null
  kept: KeptThing[]
  /** For the reader, one sentence each. */
  notices: string[]
}

export interface ApplyRequest {
  path: string
  prune: boolean
  /** `--plan`: carry out this one or nothing. */
  planPath: string | undefined
  /** Shown before anybody is asked. */
  onPlan(plan: Pick<PlanResult, 'actions' | 'kept' | 'notices' | 'counts'>): Promise<void>
  /** Told when the run ends early. */
  onInterrupted(message: string): void
}

/** Makes the server as the file says. A stored plan was looked at already: then nobody is asked. */
export async function applyFileAccess(
  access: Access,
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<{result: ApplyResult; failure: PartialError | undefined}> {
  const {path, planPath} = request
  const {desired, digest} = await readDesired(access, path)
  const stored =
    planPath === undefined
      ? undefined
      : readPlan(await readNamedFile(planPath, 'the plan, as --out wrote it', access), planPath)
  const prune = request.prune || (stored?.prune ?? false)
  const {current, plan} = await planFor(access, desired, {prune, path}, signal)
  const {server} = access
  if (stored) refuseStale(stored, {server, sha256: digest, prune, current, plan})
  else if (plan.actions.length > 0) {
    await request.onPlan({...plan, counts: countPlan(plan)})
    await access.confirm(plan, signal)
  }
  const progress = {done: 0}
  const options = {prune, path, onProgress: (done: number) => void (progress.done = done)}
  const outcome = await applyAccess(access, {desired, current, plan}, options, signal).catch(
    (error: unknown) => {
      if (progress.done > 0) request.onInterrupted(soFar(progress.done, plan))
      throw error
    },
  )
  return {result: resultOf(outcome, {server, path, prune, plan}), failure: applyFailure(outcome)}
}

function soFar(done: number, {actions}: AccessPlan): string {
  return `${done} of ${actions.length} changes are made. Run the same command again for the rest.`
}

function resultOf(
  {applied, remaining, ok}: ApplyOutcome,
  facts: {server: string; path: string; prune: boolean; plan: AccessPlan},
): ApplyResult {
  const {server, path, prune, plan} = facts
  const count = (state: AppliedAction['state']) =>
    applied.filter((action) => action.state === state).length
  const counts = {
    ...{done: count('done'), failed: count('failed'), skipped: count('skipped')},
    ...{kept: plan.kept.length, remaining: remaining?.length ?? null},
  }
  const {kept, notices} = plan
  return {server, path, prune, ok, counts, applied, remaining, kept, notices}
}
