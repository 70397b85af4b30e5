import {ConflictError, MissingError} from '../errors.js'
import type {Grant, Group} from '../wire/admin.js'
import type {AdminApi} from './admin-api.js'
import {changeEach, type Change, type ChangeResult} from './changes.js'
import {findGroup, grantKind, namedGrant, namedTable, tableKind} from './find.js'
import type {Admin} from './open-admin.js'
import {resolveOne, type Named} from './resolve.js'

export interface GrantRequest {
  group: string
  resourceType: string
  /** Ids; for tables also names and beginnings. */
  resources: readonly string[]
  /** Of servers from 0.84.8 on; `undefined` leaves a grant that is there as it is. */
  requirement: 'available' | 'required' | undefined
  /** Also tables the server does not list (yet). */
  isUnlistedAllowed: boolean
  /** Told what the administrator should know about them; sentences. */
  onNote(note: string): void
}

/** What is granted already counts as done, and its requirement stays unless one is given. */
export async function createGrants(
  {api}: Admin,
  request: GrantRequest,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const group = await findGroup(api, {reference: request.group}, signal)
  const idOf = await resourceIds(api, request, signal)
  const made: Grant[] = []
  const grant = async (reference: string) => {
    const wanted = {group, resourceType: request.resourceType, resourceId: idOf(reference)}
    const {row, isNew} = await grantOne(api, {...wanted, requirement: request.requirement}, signal)
    made.push(row)
    return grantChange('granted', {...row, groupName: row.groupName ?? group.name}, isNew)
  }
  const result = await changeEach(request.resources, grant, signal)
  for (const note of notesOn(made, request)) request.onNote(note)
  return result
}

/** Tables are checked: a server takes a grant of anything, and a mistyped one would give nothing to nobody. */
async function resourceIds(
  api: AdminApi,
  {resourceType, isUnlistedAllowed}: GrantRequest,
  signal: AbortSignal,
): Promise<(reference: string) => string> {
  if (resourceType !== 'table') return (reference) => reference
  const tables = (await api.tables(signal)).map(namedTable)
  return (reference) => {
    try {
      return resolveOne(reference, tables, tableKind).id
    } catch (error) {
      if (isUnlistedAllowed && error instanceof MissingError) return reference
      throw error
    }
  }
}

interface Wanted {
  group: Group
  resourceType: string
  resourceId: string
  requirement: string | undefined
}

async function grantOne(
  api: AdminApi,
  {group, resourceType, resourceId, requirement}: Wanted,
  signal: AbortSignal,
): Promise<{row: Grant; isNew: boolean}> {
  try {
    const wanted = {groupId: group.id, resourceType, resourceId, requirement}
    return {row: await api.createGrant(wanted, signal), isNew: true}
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const there = await findExisting(api, {groupId: group.id, resourceType, resourceId}, signal)
    if (there === undefined) throw error
    const isSame = requirement === undefined || there.requirement === requirement
    if (isSame || there.requirement === null) return {row: there, isNew: false}
    return {row: await api.requireGrant(there.id, requirement, signal), isNew: true}
  }
}

async function findExisting(
  api: AdminApi,
  {groupId, resourceType, resourceId}: Pick<Grant, 'groupId' | 'resourceType' | 'resourceId'>,
  signal: AbortSignal,
): Promise<Grant | undefined> {
  for await (const page of api.grants({groupId, resourceType}, signal)) {
    const found = page.find(
      (grant) => grant.resourceType === resourceType && grant.resourceId === resourceId,
    )
    if (found) return found
  }
  return undefined
}

function notesOn(made: readonly Grant[], {resourceType, requirement}: GrantRequest): string[] {
  const knowsRequirement = made.some((grant) => grant.requirement !== null)
  if (made.length === 0) return []
  if (resourceType === 'table' && knowsRequirement)
    return [
      'This server takes grants of tables, but analysts read only the tables of data packages granted to ' +
        'them: grant the data_package that holds the table.',
    ]
  if (requirement !== undefined && !knowsRequirement)
    return ['This server knows no requirement of a grant: it was left out.']
  return []
}

/** By whole ids or their beginnings; one that names no grant stops all of it. Asks first, with what each says. */
export async function deleteGrants(
  admin: Admin,
  references: readonly string[],
  signal: AbortSignal,
): Promise<ChangeResult> {
  const {api} = admin
  const found = await findGrants(api, references, signal)
  const listed = [...found.values()].map((row) => sentence(row))
  await admin.confirm(`Revoke ${listed.join(', ')}`, signal)
  const revoke = async (reference: string) => {
    const row = found.get(reference)!
    await api.deleteGrant(row.id, signal)
    return grantChange('revoked', row, true)
  }
  return changeEach(references, revoke, signal)
}

/** Of a long list only the rows that a reference may mean are kept. */
async function findGrants(
  api: AdminApi,
  references: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Grant>> {
  const candidates: Named<Grant>[] = []
  const wanted = references.map((reference) => reference.trim().toLowerCase())
  for await (const page of api.grants({}, signal))
    for (const row of page)
      if (wanted.some((text) => row.id.toLowerCase().startsWith(text)))
        candidates.push(namedGrant(row))
  const find = (reference: string) =>
    resolveOne(reference, candidates, grantKind, {isDestructive: true})
  return new Map(references.map((reference) => [reference, find(reference)]))
}

function sentence({resourceType, resourceId, groupName, groupId}: Grant): string {
  return `${resourceType} ${resourceId} from group ${groupName ?? groupId}`
}

function grantChange(action: string, row: Grant, isNew: boolean): Change {
  const name = `${row.resourceType} ${row.resourceId}`
  return {action, kind: 'grant', id: row.id, name, group: row.groupName ?? row.groupId, isNew}
}
