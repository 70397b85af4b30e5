import {createHash} from 'node:crypto'
import {ConflictError, UsageError} from '../errors.js'
import {isFields} from '../wire/read-fields.js'
import {
  countPlan,
  thingKeys,
  type AccessAction,
  type AccessPlan,
  type CurrentAccess,
  type PlanCounts,
} from './access-model.js'
import {byText, canonical} from './field-values.js'

const KIND = 'agnes-access-plan'
const SHOWN = 10

/** A plan as it is kept in a file, with what it was made from. */
export interface StoredPlan extends AccessPlan {
  kind: typeof KIND
  version: 1
  /** Origin. */
  server: string
  /** ISO 8601, our clock. */
  madeAt: string
  prune: boolean
  /** The file it was made from: as named, and its SHA-256. */
  file: {path: string; sha256: string}
  /** SHA-256 over `things`. */
  seen: string
  /** Every single thing the plan looked at, with a hash of what it was. */
  things: Record<string, string>
  counts: PlanCounts
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Each thing that was read, with a hash of what a file could say about it. */
export function thingsOf(current: CurrentAccess): Record<string, string> {
  const things: [string, unknown][] = []
  const names = new Map(current.groups.map(({id, name}) => [id, name]))
  for (const {email, name, isActive, isAdmin} of current.users)
    things.push([thingKeys.user(email), [name, isActive, isAdmin]])
  for (const {name, description} of current.groups)
    things.push([thingKeys.group(name), [description]])
  for (const [groupId, members] of current.members)
    for (const {email, source} of members)
      things.push([thingKeys.member(names.get(groupId) ?? groupId, email), [source]])
  for (const {id, fields} of current.tables ?? []) things.push([thingKeys.table(id), fields])
  for (const {groupId, resourceType, resourceId, requirement} of current.grants ?? []) {
    const group = names.get(groupId) ?? groupId
    things.push([thingKeys.grant(group, resourceType, resourceId), [requirement]])
  }
  for (const {id, fields} of current.metrics ?? []) things.push([thingKeys.metric(id), fields])
  things.sort(byText(([key]) => key))
  return Object.fromEntries(
    things.map(([key, what]) => [key, sha256(canonical(what)).slice(0, 16)]),
  )
}

export function storePlan(
  plan: AccessPlan,
  {
    current,
    ...facts
  }: Pick<StoredPlan, 'server' | 'madeAt' | 'prune' | 'file'> & {
    current: CurrentAccess
  },
): StoredPlan {
  const things = thingsOf(current)
  const seen = sha256(canonical(things))
  return {kind: KIND, version: 1, ...facts, seen, counts: countPlan(plan), ...plan, things}
}

/** `UsageError` (code `invalid_plan`) for anything that is not such a file, or was changed by hand. */
export function readPlan(text: string, path: string): StoredPlan {
  const plan = parsed(text)
  const isPlan =
    isFields(plan) &&
    plan.kind === KIND &&
    plan.version === 1 &&
    Array.isArray(plan.actions) &&
    isFields(plan.things) &&
    isFields(plan.file) &&
    typeof plan.server === 'string'
  if (isPlan && plan.seen === sha256(canonical(plan.things))) return plan as unknown as StoredPlan
  throw new UsageError(`${path} is no plan${isPlan ? ' as it was written: it was changed' : ''}.`, {
    code: 'invalid_plan',
    hint: 'Make it again: agnes admin plan access.yaml --out access.plan',
    details: {path},
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Said by the caller.
    return undefined
  }
}

/**
 * Refuses a plan that is not about what is there now (`ConflictError`, code `stale_plan`), naming what
 * moved. What the plan itself did, in a run that was interrupted, counts as not moved.
 */
export function refuseStale(
  stored: StoredPlan,
  now: {server: string; sha256: string; prune: boolean; current: CurrentAccess; plan: AccessPlan},
): void {
  const moved = [
    ...(stored.server === now.server ? [] : [`the server (planned for ${stored.server})`]),
    ...(stored.file.sha256 === now.sha256 ? [] : [`the file ${stored.file.path}`]),
    ...(stored.prune === now.prune ? [] : ['--prune']),
    ...movedThings(stored, now),
  ]
  if (moved.length === 0) return
  const shown = moved.slice(0, SHOWN).join(', ')
  const more = moved.length > SHOWN ? `, and ${moved.length - SHOWN} more` : ''
  throw new ConflictError(
    `The plan is stale: since it was made, this has changed: ${shown}${more}.`,
    {
      code: 'stale_plan',
      hint: 'Nothing was changed. Look at a new one: agnes admin plan access.yaml --out access.plan',
      details: {moved, madeAt: stored.madeAt},
    },
  )
}

function movedThings(
  stored: StoredPlan,
  {current, plan}: {current: CurrentAccess; plan: AccessPlan},
): string[] {
  const things = thingsOf(current)
  const planned = new Set(stored.actions.map(({key}) => key))
  const open = new Map(plan.actions.map((action) => [action.key, action]))
  const keys = new Set([...Object.keys(stored.things), ...Object.keys(things)])
  const isMoved = (key: string) => {
    if (stored.things[key] === things[key]) return false
    const isDone = planned.has(key) && !open.has(key)
    return !isDone && !isSideEffect(key, stored.actions)
  }
  const moved = [...keys].filter(isMoved)
  const unforeseen = [...open.keys()].filter((key) => !planned.has(key) && !moved.includes(key))
  return [...moved, ...unforeseen].sort().map(wordsOf)
}

/** By the plan's own doing people become administrators, and new ones are put into groups by the server. */
function isSideEffect(key: string, actions: readonly AccessAction[]): boolean {
  const [kind, name, member] = JSON.parse(key) as [string, string, string?]
  return actions.some((one) =>
    kind === 'user'
      ? one.kind === 'member' && one.group === 'Admin' && one.name === name
      : kind === 'member' && one.kind === 'user' && one.verb === 'create' && one.name === member,
  )
}

function wordsOf(key: string): string {
  const [kind = '', ...names] = JSON.parse(key) as string[]
  if (kind === 'member') return `member ${names[1]} of ${names[0]}`
  if (kind === 'grant') return `grant of ${names[1]} ${names[2]} to ${names[0]}`
  return `${kind} ${names.join(' ')}`
}
