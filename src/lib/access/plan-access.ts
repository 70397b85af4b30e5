import {ConflictError} from '../errors.js'
import {
  isMachine,
  type AccessPlan,
  type CurrentAccess,
  type CurrentUser,
  type DesiredAccess,
} from './access-model.js'
import {planMetrics, planTables} from './plan-definitions.js'
import {PlanDraft} from './plan-draft.js'
import {planGroups, planUsers} from './plan-people.js'
import {planGrants, planOrphans} from './plan-rights.js'

export interface PlanOptions {
  /** Removes what a section that is there does not list. */
  prune: boolean
  /** Of the file, for messages. */
  path: string
}

/**
 * What makes `current` as `desired` says; empty when it is so already. Pure. `UsageError` (code
 * `invalid_access_file`) where the file names what is not there; `ConflictError` (`last_admin`,
 * `locks_you_out`) where nobody, or not the one who asks, would be left to administer.
 */
export function planAccess(
  current: CurrentAccess,
  desired: DesiredAccess,
  {prune, path}: PlanOptions,
): AccessPlan {
  const draft = new PlanDraft()
  const context = {current, prune}
  if (desired.users) planUsers(draft, desired.users, context)
  if (desired.groups) planGroups(draft, desired.groups, context)
  if (desired.tables) planTables(draft, desired.tables, context)
  planOrphans(draft, current)
  if (desired.grants) planGrants(draft, desired.grants, {...context, all: desired})
  if (desired.metrics) planMetrics(draft, desired.metrics, context)
  const plan = draft.finish(path)
  refuseLockOut(plan, current)
  return plan
}

/** People made by this very plan do not count: they have no password yet. */
function refuseLockOut({actions}: AccessPlan, {users, groups, me}: CurrentAccess): void {
  const admins = users.filter((user) => user.isActive && user.isAdmin && !isMachine(user.email))
  const systemAdmin = groups.find(({name, isSystem}) => isSystem && name === 'Admin')?.name
  const leaving = new Set(
    actions.flatMap(({kind, verb, name, group, fields}) => {
      const isOut = kind === 'member' && verb === 'remove' && group === systemAdmin
      const isOff =
        kind === 'user' && fields.some(({field, to}) => field === 'active' && to === false)
      return isOut || isOff ? [name] : []
    }),
  )
  const lost = admins.filter(({email}) => leaving.has(email))
  if (lost.length === 0) return
  if (lost.length === admins.length) throw lastAdmin(lost)
  const self = lost.find(({email}) => email.toLowerCase() === me?.toLowerCase())
  if (self)
    throw new ConflictError(`This would end your own administration, ${self.email}.`, {
      code: 'locks_you_out',
      hint: 'Let another administrator apply it, or list yourself under users and as a member of Admin.',
      details: {email: self.email},
    })
}

function lastAdmin(lost: readonly CurrentUser[]): ConflictError {
  const emails = lost.map(({email}) => email)
  return new ConflictError(
    `This would leave the server without an administrator: ${emails.join(', ')} would go.`,
    {
      code: 'last_admin',
      hint: 'List one of them under users and as a member of Admin. Who is made by the same file does not count: they cannot sign in yet.',
      details: {emails},
    },
  )
}
