import type {AdminApi} from '../admin/admin-api.js'
import {UnexpectedError} from '../errors.js'
import {
  thingKeys,
  type AccessAction,
  type CurrentAccess,
  type CurrentGrant,
  type FieldValues,
} from './access-model.js'
import {metricDocument} from './known-fields.js'

/** Carries out one action; knows the ids of what is there and of what it made. */
export class AccessWriter {
  private readonly users: Map<string, string>
  private readonly groups: Map<string, string>
  private readonly grants: ReadonlyMap<string, CurrentGrant>

  constructor(
    private readonly api: AdminApi,
    private readonly current: CurrentAccess,
  ) {
    this.users = new Map(current.users.map(({email, id}) => [email, id]))
    this.groups = new Map(current.groups.map(({name, id}) => [name, id]))
    const names = new Map(current.groups.map(({id, name}) => [id, name]))
    const keyOf = ({groupId, resourceType, resourceId}: CurrentGrant) =>
      thingKeys.grant(names.get(groupId) ?? '', resourceType, resourceId)
    this.grants = new Map((current.grants ?? []).map((grant) => [keyOf(grant), grant]))
  }

  async carryOut(action: AccessAction, signal: AbortSignal): Promise<void> {
    const {kind, verb} = action
    if (kind === 'user') return this.user(action, signal)
    if (kind === 'group') return this.group(action, signal)
    if (kind === 'member') return this.member(action, signal)
    if (kind === 'grant') return this.grant(action, signal)
    if (kind === 'table') return this.table(action, signal)
    if (verb === 'remove') return this.api.deleteMetric(action.name, signal)
    const before = this.current.metrics?.find(({id}) => id === action.name)
    await this.api.saveMetric(metricDocument(action.name, valuesOf(action), before), signal)
  }

  private async user({verb, name: email, fields}: AccessAction, signal: AbortSignal) {
    const values = valuesOf({fields}) as {name?: string; active?: boolean}
    if (verb !== 'create')
      return void (await this.api.changeUser(this.idOf(this.users, email), values, signal))
    const name = values.name ?? email.split('@', 1)[0] ?? email
    const {id} = await this.api.createUser({email, name}, signal)
    this.users.set(email, id)
    if (values.active === false) await this.api.changeUser(id, {active: false}, signal)
  }

  private async group({verb, name, fields}: AccessAction, signal: AbortSignal) {
    const values = valuesOf({fields}) as {description?: string | null}
    if (verb === 'remove') return this.api.deleteGroup(this.idOf(this.groups, name), signal)
    if (verb === 'change')
      return void (await this.api.changeGroup(this.idOf(this.groups, name), values, signal))
    const description = values.description ?? undefined
    const {id} = await this.api.createGroup({name, description}, signal)
    this.groups.set(name, id)
  }

  private async member({verb, name: email, group}: AccessAction, signal: AbortSignal) {
    const groupId = this.idOf(this.groups, group)
    if (verb === 'create') return void (await this.api.addMember(groupId, email, signal))
    await this.api.removeMember(groupId, this.idOf(this.users, email), signal)
  }

  private async grant(action: AccessAction, signal: AbortSignal) {
    const {verb, name: resourceId, resourceType, group} = action
    const groupId = this.idOf(this.groups, group)
    const {requirement} = valuesOf(action) as {requirement?: string}
    if (verb === 'create') {
      const grant = {groupId, resourceType: resourceType ?? '', resourceId, requirement}
      return void (await this.api.createGrant(grant, signal))
    }
    const grant = this.grants.get(action.key)
    if (!grant) throw notThere(resourceId)
    if (verb === 'remove') return this.api.deleteGrant(grant.id, signal)
    await this.api.requireGrant(grant.id, requirement ?? 'available', signal)
  }

  private async table(action: AccessAction, signal: AbortSignal) {
    const {verb, name: id} = action
    if (verb === 'remove') return this.api.unregisterTable(id, signal)
    if (verb === 'change') return void (await this.api.updateTable(id, valuesOf(action), signal))
    await this.api.registerTable({name: id, ...valuesOf(action)}, signal)
  }

  private idOf(ids: ReadonlyMap<string, string>, name: string | null): string {
    const id = ids.get(name ?? '')
    if (id === undefined) throw notThere(name)
    return id
  }
}

function valuesOf({fields}: Pick<AccessAction, 'fields'>): FieldValues {
  return Object.fromEntries(fields.map(({field, to}) => [field, to]))
}

/** A plan never names what it did not see. */
function notThere(name: string | null): UnexpectedError {
  return new UnexpectedError(`The plan names ${name}, which was not read.`)
}
