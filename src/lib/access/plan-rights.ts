import {nearestName} from '../nearest-name.js'
import {
  thingKeys,
  type AccessAction,
  type CurrentAccess,
  type CurrentGrant,
  type DesiredAccess,
  type DesiredGrant,
} from './access-model.js'
import type {PlanDraft} from './plan-draft.js'

/** What groups may use. */
export function planGrants(
  draft: PlanDraft,
  desired: readonly DesiredGrant[],
  context: {current: CurrentAccess; prune: boolean; all: DesiredAccess},
): void {
  const {current, prune} = context
  const names = new Map(current.groups.map(({id, name}) => [id, name]))
  const known = new Map(
    (current.grants ?? []).map((grant) => [grantKey(names.get(grant.groupId) ?? '', grant), grant]),
  )
  const check = checker(draft, context)
  const listed = new Set<string>()
  for (const wanted of desired) {
    const key = grantKey(wanted.group, wanted)
    const grant = known.get(key)
    listed.add(key)
    if (grant) changeRequirement(draft, wanted, grant)
    else if (check(wanted)) draft.add({...grantAction(wanted.group, wanted), ...created(wanted)})
  }
  if (desired.some(({resourceType}) => resourceType === 'table') && hasPackages(current))
    draft.notice(
      'This server gives analysts their tables by data packages: grants of the type table are kept there, but have no effect.',
    )
  if (!prune) return
  for (const [key, grant] of known) {
    if (listed.has(key)) continue
    const group = names.get(grant.groupId) ?? ''
    const {resourceType, resourceId} = grant
    if (!grant.isSystem) draft.add({...grantAction(group, grant), verb: 'remove'})
    else
      draft.keep({
        ...{kind: 'grant', name: resourceId, group, resourceType},
        reason: 'a system grant stays',
      })
  }
}

/** With their group go its grants, whether the file speaks of grants or not. */
export function planOrphans(draft: PlanDraft, current: CurrentAccess): void {
  for (const {kind, verb, name} of [...draft.actions]) {
    if (kind !== 'group' || verb !== 'remove') continue
    const group = current.groups.find((one) => one.name === name)
    for (const grant of current.grants ?? [])
      if (grant.groupId === group?.id && !grant.isSystem)
        draft.add({...grantAction(name, grant), verb: 'remove', because: 'its group goes'})
  }
}

function changeRequirement(draft: PlanDraft, wanted: DesiredGrant, grant: CurrentGrant): void {
  const {requirement: to} = wanted
  if (to === undefined || to === grant.requirement) return
  // Where nothing can be required, everything is only available.
  if (grant.requirement === null) return to === 'available' ? undefined : sayNoRequirements(draft)
  const fields = [{field: 'requirement', from: grant.requirement, to}]
  draft.add({...grantAction(wanted.group, wanted), verb: 'change', fields})
}

function created({requirement}: DesiredGrant): Pick<AccessAction, 'fields'> {
  const isSaid = requirement !== undefined && requirement !== 'available'
  return {fields: isSaid ? [{field: 'requirement', from: null, to: requirement}] : []}
}

function sayNoRequirements(draft: PlanDraft): void {
  draft.notice(
    'This server knows no requirement of a grant; what the file says about it is left out.',
  )
}

/** Whether a new grant can mean anything: a typing error here would silently give nobody anything. */
function checker(
  draft: PlanDraft,
  {current, all, prune}: {current: CurrentAccess; all: DesiredAccess; prune: boolean},
): (wanted: DesiredGrant) => boolean {
  const made = (all.groups ?? []).map(({name}) => name)
  const gone = new Set(
    prune && all.groups
      ? current.groups
          .filter(({name, isSystem}) => !isSystem && !made.includes(name))
          .map((g) => g.name)
      : [],
  )
  const groups = new Set(
    [...current.groups.map(({name}) => name), ...made].filter((n) => !gone.has(n)),
  )
  const tables = new Set([
    ...(current.tables ?? []).map(({id}) => id),
    ...(all.tables ?? []).map(({id}) => id),
  ])
  return ({group, resourceType, resourceId, line}) => {
    if (!groups.has(group)) draft.refuse(line, missing('group', group, groups))
    else if (current.resourceTypes && !current.resourceTypes.includes(resourceType))
      draft.refuse(line, missing('type of resource', resourceType, current.resourceTypes))
    else if (resourceType === 'table' && !tables.has(resourceId))
      draft.refuse(line, missing('table with the id', resourceId, tables))
    else return true
    return false
  }
}

function missing(word: string, name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, [...known])
  return `there is no ${word} ${name}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}

function hasPackages({resourceTypes}: CurrentAccess): boolean {
  return resourceTypes?.includes('data_package') ?? false
}

function grantKey(group: string, of: {resourceType: string; resourceId: string}): string {
  return thingKeys.grant(group, of.resourceType, of.resourceId)
}

function grantAction(group: string, of: {resourceType: string; resourceId: string}): AccessAction {
  const {resourceType, resourceId} = of
  return {
    ...{verb: 'create', kind: 'grant', key: grantKey(group, of), name: resourceId},
    ...{group, resourceType, fields: [], because: null},
  }
}
