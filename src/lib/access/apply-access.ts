import type {AdminApi} from '../admin/admin-api.js'
import {
  type AgnesError,
  ConflictError,
  MissingError,
  PartialError,
  toAgnesError,
} from '../errors.js'
import {
  thingKeys,
  type AccessAction,
  type AccessPlan,
  type CurrentAccess,
  type DesiredAccess,
} from './access-model.js'
import {AccessWriter} from './access-writer.js'
import {planAccess, type PlanOptions} from './plan-access.js'
import {needsOf, readAccess} from './read-access.js'

export interface AppliedAction extends AccessAction {
  /** `skipped`: what it depends on failed, or the server could not be asked any more. */
  state: 'done' | 'failed' | 'skipped'
  /** Why not; `null` when done. */
  message: string | null
}

export interface ApplyOutcome {
  applied: AppliedAction[]
  /** What the file asks for and the server still is not, read again afterwards; `null`: it could not be read. */
  remaining: AccessAction[] | null
  /** Everything is as the file says. */
  ok: boolean
}

export interface Administration {
  api: AdminApi
  /** E-mail of who asks, as the token says. */
  me: string | null
}

export interface ApplyOptions extends PlanOptions {
  /** Told after every action. */
  onProgress?: (done: number, of: number) => void
}

/** Errors after which nothing else can succeed: the connection, the sign-in, the right to administer. */
const HOPELESS: readonly number[] = [3, 7, 8, 9]

export async function planFor(
  admin: Administration,
  desired: DesiredAccess,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<{current: CurrentAccess; plan: AccessPlan}> {
  const current = await readAccess(admin, needsOf(desired, options), signal)
  return {current, plan: planAccess(current, desired, options)}
}

/**
 * Carries out `plan` in its order, goes on behind what fails, and reads everything again to prove the
 * result. Interrupted, it has done a beginning of the plan: applying again does the rest.
 */
export async function applyAccess(
  admin: Administration,
  work: {desired: DesiredAccess; current: CurrentAccess; plan: AccessPlan},
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const {applied, isHopeless} = await carryOutAll(admin, work, options, signal)
  if (isHopeless) return {applied, remaining: null, ok: false}
  const {plan: rest} = await planFor(admin, work.desired, options, signal)
  return {applied, remaining: rest.actions, ok: rest.actions.length === 0}
}

async function carryOutAll(
  {api}: Administration,
  {current, plan}: {current: CurrentAccess; plan: AccessPlan},
  {onProgress}: ApplyOptions,
  signal: AbortSignal,
): Promise<{applied: AppliedAction[]; isHopeless: boolean}> {
  const writer = new AccessWriter(api, current)
  const applied: AppliedAction[] = []
  const broken = new Set<string>()
  let end: AgnesError | undefined
  for (const action of plan.actions) {
    signal.throwIfAborted()
    const base = neededBy(action).find((key) => broken.has(key))
    const failure = end ?? (base === undefined ? undefined : dependsOn(base))
    const error = failure ?? (await attempt(writer, action, signal))
    if (error) broken.add(action.key)
    if (error && !failure && HOPELESS.includes(error.exitCode)) end = error
    const state = error === undefined ? 'done' : failure ? 'skipped' : 'failed'
    applied.push({...action, state, message: error?.message ?? null})
    onProgress?.(applied.length, plan.actions.length)
  }
  return {applied, isHopeless: end !== undefined}
}

async function attempt(
  writer: AccessWriter,
  action: AccessAction,
  signal: AbortSignal,
): Promise<AgnesError | undefined> {
  try {
    await writer.carryOut(action, signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    const isGone = action.verb === 'remove' && error instanceof MissingError
    const isMember = action.kind === 'member' && action.verb === 'create'
    // Somebody, or the server itself, was faster. Reading again afterwards proves it.
    if (isGone || (isMember && error instanceof ConflictError)) return undefined
    return toAgnesError(error)
  }
}

/** What must have gone well for this to make sense. */
function neededBy({kind, verb, name, group, resourceType}: AccessAction): string[] {
  if (verb === 'remove') return []
  const its = group === null ? [] : [thingKeys.group(group)]
  if (kind === 'member') return [...its, thingKeys.user(name)]
  return resourceType === 'table' ? [...its, thingKeys.table(name)] : its
}

function dependsOn(key: string): AgnesError {
  const [kind, name] = JSON.parse(key) as [string, string]
  return new MissingError(`not tried: the ${kind} ${name} could not be made`)
}

/** `undefined` when everything is as the file says. */
export function applyFailure({applied, remaining, ok}: ApplyOutcome): PartialError | undefined {
  if (ok) return undefined
  const count = (state: AppliedAction['state']) =>
    applied.filter((action) => action.state === state).length
  const [done, failed, skipped] = [count('done'), count('failed'), count('skipped')]
  const details = {done, failed, skipped, remaining: remaining?.length ?? null}
  const hint = 'See to the reasons and run the same command again: what is done stays done.'
  if (failed === 0)
    return new PartialError(
      `The server took all ${done} changes, but is still not as the file says: ${wordsOf(remaining ?? [])}.`,
      {code: 'not_taken', hint: 'See what it says now: agnes admin export', details},
    )
  const rest = skipped > 0 ? ` and ${skipped} were not tried` : ''
  const first = applied.find(({state}) => state === 'failed')
  const why = first ? ` First: ${first.kind} ${first.name}: ${first.message}` : ''
  return new PartialError(
    `${done} of ${applied.length} changes are made; ${failed} failed${rest}.${why}`,
    {code: 'partly_applied', hint, details},
  )
}

const SHOWN = 5

function wordsOf(actions: readonly AccessAction[]): string {
  const shown = actions.slice(0, SHOWN).map(({kind, name, group, fields}) => {
    const where = group === null ? '' : ` of ${group}`
    const what = fields.map(({field}) => field).join(', ')
    return `${kind} ${name}${where}${what === '' ? '' : ` (${what})`}`
  })
  const more = actions.length > SHOWN ? `, and ${actions.length - SHOWN} more` : ''
  return shown.join(', ') + more
}
