import {
  isMachine,
  thingKeys,
  type AccessAction,
  type CurrentAccess,
  type CurrentGroup,
  type CurrentUser,
  type DesiredGroup,
  type DesiredUser,
} from './access-model.js'
import {changesBetween} from './field-values.js'
import type {PlanDraft} from './plan-draft.js'

/** People by e-mail: as written, else the only one that differs in case alone. */
export class Directory {
  private readonly byEmail: ReadonlyMap<string, CurrentUser>
  private readonly byFolded = new Map<string, CurrentUser | null>()

  constructor(users: readonly CurrentUser[]) {
    this.byEmail = new Map(users.map((user) => [user.email, user]))
    for (const user of users) {
      const folded = user.email.toLowerCase()
      this.byFolded.set(folded, this.byFolded.has(folded) ? null : user)
    }
  }

  find(email: string): CurrentUser | undefined {
    return this.byEmail.get(email) ?? this.byFolded.get(email.toLowerCase()) ?? undefined
  }
}

/** People are made and changed; those a complete list leaves out are switched off, never deleted. */
export function planUsers(
  draft: PlanDraft,
  desired: readonly DesiredUser[],
  {current, prune}: {current: CurrentAccess; prune: boolean},
): void {
  const directory = new Directory(current.users)
  const listed = new Set<string>()
  const lines = new Map<string, number>()
  for (const {email, name, isActive, line} of desired) {
    const user = directory.find(email)
    const person = user?.id ?? email.toLowerCase()
    const before = lines.get(person)
    lines.set(person, before ?? line)
    if (before !== undefined) {
      draft.refuse(
        line,
        `${email} is the same person as on line ${before}: case makes no difference`,
      )
      continue
    }
    const wanted = {...(name === undefined ? {} : {name}), active: isActive}
    const has = {name: user?.name, active: user?.isActive}
    if (user) listed.add(user.id)
    const fields = user ? changesBetween(has, wanted) : changesBetween({active: true}, wanted)
    if (!user) draft.add({...userAction(email), verb: 'create', fields})
    else if (fields.length > 0) draft.add({...userAction(user.email), verb: 'change', fields})
  }
  if (!prune) return
  for (const user of current.users)
    if (user.isActive && !listed.has(user.id) && !isMachine(user.email))
      draft.add({
        ...userAction(user.email),
        verb: 'remove',
        fields: [{field: 'active', from: true, to: false}],
        because: 'switched off; deleting is left to: agnes admin user delete',
      })
}

function userAction(email: string): AccessAction {
  return {...blank, kind: 'user', key: thingKeys.user(email), name: email}
}

const blank = {
  verb: 'create',
  group: null,
  resourceType: null,
  fields: [],
  because: null,
} satisfies Partial<AccessAction>

/** Groups and who is in them. */
export function planGroups(
  draft: PlanDraft,
  desired: readonly DesiredGroup[],
  {current, prune}: {current: CurrentAccess; prune: boolean},
): void {
  const known = new Map(current.groups.map((group) => [group.name, group]))
  const people = peopleOf(draft, current)
  for (const wanted of desired) {
    const group = known.get(wanted.name)
    const fields =
      wanted.description === undefined
        ? []
        : changesBetween({description: group?.description}, {description: wanted.description})
    if (!group) draft.add({...groupAction(wanted.name), verb: 'create', fields})
    else if (fields.length > 0) draft.add({...groupAction(group.name), verb: 'change', fields})
    if (wanted.members) planMembers(draft, {wanted, group, people}, {current, prune})
  }
  if (!prune) return
  const listed = new Set(desired.map(({name}) => name))
  for (const group of current.groups) if (!listed.has(group.name)) planGone(draft, group, current)
}

function planMembers(
  draft: PlanDraft,
  its: {wanted: DesiredGroup; group: CurrentGroup | undefined; people: People},
  {current, prune}: {current: CurrentAccess; prune: boolean},
): void {
  const {wanted, group, people} = its
  const members = (group && current.members.get(group.id)) ?? []
  const inside = new Set(members.map(({email}) => email))
  const listed = new Set<string>()
  for (const {email, line} of wanted.members ?? []) {
    const person = people(email)
    if (person === undefined) {
      draft.refuse(
        line,
        `${email} is no user; list them under users, or see: agnes admin user list`,
      )
      continue
    }
    if (listed.has(person) || inside.has(person)) listed.add(person)
    else if (group?.isManagedElsewhere)
      draft.refuse(line, `the members of ${group.name} are decided by a directory outside`)
    else draft.add({...memberAction(wanted.name, person), verb: 'create'})
    listed.add(person)
  }
  if (!prune || !group) return
  for (const member of members) {
    const {email} = member
    if (listed.has(email)) continue
    const reason = keepsMember(group, member)
    if (reason === null) draft.add({...memberAction(group.name, email), verb: 'remove'})
    else draft.keep({kind: 'member', name: email, group: group.name, resourceType: null, reason})
  }
}

type People = (email: string) => string | undefined

/** E-mails as the server has them, or will have them once the plan is carried out. */
function peopleOf(draft: PlanDraft, current: CurrentAccess): People {
  const directory = new Directory(current.users)
  const made = new Map<string, string>()
  for (const {kind, verb, name} of draft.actions)
    if (kind === 'user' && verb === 'create') made.set(name.toLowerCase(), name)
  return (email) => directory.find(email)?.email ?? made.get(email.toLowerCase())
}

/** A removed group takes its memberships with it; they are named, since somebody loses by it. */
function planGone(draft: PlanDraft, group: CurrentGroup, current: CurrentAccess): void {
  const {name} = group
  if (group.isSystem || group.isManagedElsewhere)
    return draft.keep({
      ...{kind: 'group', name, group: null, resourceType: null},
      reason: group.isSystem ? 'a system group stays' : 'a directory outside decides about it',
    })
  const because = 'its group goes'
  for (const member of current.members.get(group.id) ?? [])
    if (keepsMember(group, member) === null)
      draft.add({...memberAction(name, member.email), verb: 'remove', because})
  draft.add({...groupAction(name), verb: 'remove'})
}

function keepsMember(
  group: CurrentGroup,
  {email, source}: {email: string; source: string | null},
): string | null {
  // An export leaves it out: that it is not listed says nothing.
  if (isMachine(email)) return 'an account of the server itself'
  if (group.isManagedElsewhere) return 'a directory outside decides about it'
  if (source === 'admin' || source === null) return null
  return source === 'system_seed' ? 'the server put them there' : `put there by ${source}`
}

function groupAction(name: string): AccessAction {
  return {...blank, kind: 'group', key: thingKeys.group(name), name}
}

function memberAction(group: string, email: string): AccessAction {
  return {...blank, kind: 'member', key: thingKeys.member(group, email), name: email, group}
}
