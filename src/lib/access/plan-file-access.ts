import {readNamedFile, writeNamedFile} from './access-file.js'
import type {AccessPlan, DesiredAccess, PlanCounts} from './access-model.js'
import {planFor} from './apply-access.js'
import type {Access} from './open-access.js'
import {sha256, storePlan} from './plan-file.js'

export interface PlanResult extends AccessPlan {
  /** Origin. */
  server: string
  /** As named. */
  path: string
  prune: boolean
  /** Everything is as the file says. */
  isUpToDate: boolean
  counts: PlanCounts
  /** SHA-256 over everything the plan was made from. */
  seen: string
  /** Where the plan was stored; absolute. `null` without `--out`. */
  planFile: string | null
}

export interface PlanRequest {
  path: string
  prune: boolean
  /** `--out`. */
  out: string | undefined
}

/** What the file would change; changes nothing. */
export async function planFileAccess(
  access: Access,
  {path, prune, out}: PlanRequest,
  signal: AbortSignal,
): Promise<PlanResult> {
  const {desired, digest} = await readDesired(access, path)
  const {current, plan} = await planFor(access, desired, {prune, path}, signal)
  const madeAt = new Date(access.clock.now()).toISOString()
  const {server} = access
  const facts = {server, madeAt, prune, file: {path, sha256: digest}, current}
  const stored = storePlan(plan, facts)
  const text = JSON.stringify(stored, null, 2) + '\n'
  const planFile = out === undefined ? null : await writeNamedFile(out, text, access)
  const {counts, seen} = stored
  const isUpToDate = plan.actions.length === 0
  return {server, path, prune, isUpToDate, counts, ...plan, seen, planFile}
}

export async function readDesired(
  access: Access,
  path: string,
): Promise<{desired: DesiredAccess; digest: string}> {
  const text = await readNamedFile(
    path,
    'the file of access, as agnes admin export writes it',
    access,
  )
  const {parseAccess} = await import('./parse-access.js')
  return {desired: parseAccess(text, path), digest: sha256(text)}
}
