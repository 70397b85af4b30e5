/**
 * Administration over HTTP: people, groups, grants, registered tables, metrics, the audit trail. The
 * *API* is typed and thin, one method an endpoint, by ids only; *references* (names, ids, beginnings of
 * ids) become ids in `find.ts`. This room never prints, never asks, and knows no database.
 */
import {UsageError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {
  readGrant,
  readGroup,
  readMember,
  readRegistry,
  readResourceType,
  readRow,
  readRows,
  readSyncTrigger,
  readUser,
  type AuditEntry,
  type Grant,
  type Group,
  type Member,
  type RegisteredTable,
  type ResourceType,
  type SyncTrigger,
  type User,
} from '../wire/admin.js'
import {readMetric, readMetrics, type Metric} from '../wire/metrics.js'
import {isFields, textField} from '../wire/read-fields.js'
import {auditPages, type AuditFilter} from './audit-pages.js'
import {pagesOf} from './pages.js'

export interface GrantFilter {
  groupId?: string | undefined
  resourceType?: string | undefined
}

export interface NewGrant {
  groupId: string
  resourceType: string
  resourceId: string
  /** `available` or `required`; servers of 0.48.0 know no such thing. */
  requirement?: string | undefined
}

/** Fields of a registration by their names on the wire; absent keeps, `null` clears. */
export type TableFields = Readonly<Record<string, unknown>>

/** What became of a registration. `registered`, `ok` and `accepted` are successes. */
export interface TableRegistration {
  id: string
  name: string
  status: string
}

/**
 * The administrator's endpoints of one server. Errors are those of `HttpClient`, with the server's own
 * words; `UnreachableError` (code `unreadable_answer`) for an answer of another shape. Lists come page by
 * page, so that a long one needs no memory; a server that does not page sends one page.
 */
export class AdminApi {
  constructor(private readonly http: HttpClient) {}

  get origin(): string {
    return this.http.origin
  }

  groups(signal?: AbortSignal): AsyncIterable<Group[]> {
    return this.pages('/api/admin/groups', {}, (body) => readRows(body, readGroup), signal)
  }

  async createGroup(
    group: {name: string; description?: string | undefined},
    signal?: AbortSignal,
  ): Promise<Group> {
    return readRow(await this.send('POST', '/api/admin/groups', group, signal), readGroup)
  }

  /** Absent fields stay as they are. */
  async changeGroup(
    id: string,
    change: {name?: string; description?: string | null},
    signal?: AbortSignal,
  ): Promise<Group> {
    return readRow(
      await this.send('PATCH', `/api/admin/groups/${segment(id)}`, change, signal),
      readGroup,
    )
  }

  async deleteGroup(id: string, signal?: AbortSignal): Promise<void> {
    await this.send('DELETE', `/api/admin/groups/${segment(id)}`, undefined, signal)
  }

  members(groupId: string, signal?: AbortSignal): AsyncIterable<Member[]> {
    const path = `/api/admin/groups/${segment(groupId)}/members`
    return this.pages(path, {}, (body) => readRows(body, readMember), signal)
  }

  async addMember(groupId: string, email: string, signal?: AbortSignal): Promise<Member> {
    const path = `/api/admin/groups/${segment(groupId)}/members`
    return readRow(await this.send('POST', path, {email}, signal), readMember)
  }

  async removeMember(groupId: string, userId: string, signal?: AbortSignal): Promise<void> {
    const path = `/api/admin/groups/${segment(groupId)}/members/${segment(userId)}`
    await this.send('DELETE', path, undefined, signal)
  }

  grants(filter: GrantFilter = {}, signal?: AbortSignal): AsyncIterable<Grant[]> {
    const query = {
      ...(filter.groupId === undefined ? {} : {group_id: filter.groupId}),
      ...(filter.resourceType === undefined ? {} : {resource_type: filter.resourceType}),
    }
    return this.pages('/api/admin/grants', query, (body) => readRows(body, readGrant), signal)
  }

  async createGrant(grant: NewGrant, signal?: AbortSignal): Promise<Grant> {
    const body = {
      group_id: grant.groupId,
      resource_type: grant.resourceType,
      resource_id: grant.resourceId,
      ...(grant.requirement === undefined ? {} : {requirement: grant.requirement}),
    }
    return readRow(await this.send('POST', '/api/admin/grants', body, signal), readGrant)
  }

  /** Servers from 0.84.8 only; others answer `MissingError`. */
  async requireGrant(id: string, requirement: string, signal?: AbortSignal): Promise<Grant> {
    const path = `/api/admin/grants/${segment(id)}`
    return readRow(await this.send('PUT', path, {requirement}, signal), readGrant)
  }

  async deleteGrant(id: string, signal?: AbortSignal): Promise<void> {
    await this.send('DELETE', `/api/admin/grants/${segment(id)}`, undefined, signal)
  }

  async resourceTypes(signal?: AbortSignal): Promise<ResourceType[]> {
    return readRows(await this.get('/api/admin/resource-types', signal), readResourceType)
  }

  users(signal?: AbortSignal): AsyncIterable<User[]> {
    return this.pages('/api/users', {}, (body) => readRows(body, readUser), signal)
  }

  async createUser(user: {email: string; name: string}, signal?: AbortSignal): Promise<User> {
    return readRow(await this.send('POST', '/api/users', user, signal), readUser)
  }

  async changeUser(
    id: string,
    change: {name?: string; active?: boolean},
    signal?: AbortSignal,
  ): Promise<User> {
    return readRow(await this.send('PATCH', `/api/users/${segment(id)}`, change, signal), readUser)
  }

  async setPassword(id: string, password: string, signal?: AbortSignal): Promise<void> {
    await this.send('POST', `/api/users/${segment(id)}/set-password`, {password}, signal)
  }

  async deleteUser(id: string, signal?: AbortSignal): Promise<void> {
    await this.send('DELETE', `/api/users/${segment(id)}`, undefined, signal)
  }

  async tables(signal?: AbortSignal): Promise<RegisteredTable[]> {
    return readRegistry(await this.get('/api/admin/registry', signal))
  }

  /** `fields` hold at least `name`. A row whose views could not be rebuilt is there all the same: `ServerError`. */
  async registerTable(fields: TableFields, signal?: AbortSignal): Promise<TableRegistration> {
    const body = await this.send('POST', '/api/admin/register-table', fields, signal)
    return readRow(body, ({id, name, status}) => {
      const known = textField(id) ?? textField(name)
      if (known === null) return undefined
      return {id: known, name: textField(name) ?? known, status: textField(status) ?? 'registered'}
    })
  }

  /** What a registration would come to, without making it; as the server words it. */
  async precheckTable(fields: TableFields, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const body = await this.send('POST', '/api/admin/register-table/precheck', fields, signal)
    return readRow(body, ({table}) => (isFields(table) ? {...table} : undefined))
  }

  /** Names of the fields that changed. */
  async updateTable(id: string, fields: TableFields, signal?: AbortSignal): Promise<string[]> {
    const path = `/api/admin/registry/${segment(id)}`
    return readRow(await this.send('PUT', path, fields, signal), ({updated}) =>
      Array.isArray(updated) ? updated.map(String) : undefined,
    )
  }

  async unregisterTable(id: string, signal?: AbortSignal): Promise<void> {
    await this.send('DELETE', `/api/admin/registry/${segment(id)}`, undefined, signal)
  }

  async metrics(signal?: AbortSignal): Promise<Metric[]> {
    return readMetrics(await this.get('/api/metrics', signal))
  }

  async metric(id: string, signal?: AbortSignal): Promise<Metric> {
    return readMetric(await this.get(`/api/metrics/${segments(id)}`, signal))
  }

  /** Makes or replaces one. `document` holds `id`, `name`, `display_name`, `category` and `sql`. */
  async saveMetric(document: TableFields, signal?: AbortSignal): Promise<Metric> {
    return readMetric(await this.send('POST', '/api/admin/metrics', document, signal))
  }

  async deleteMetric(id: string, signal?: AbortSignal): Promise<void> {
    await this.send('DELETE', `/api/admin/metrics/${segments(id)}`, undefined, signal)
  }

  /**
   * One YAML text with one or more metrics, as the server imports it: these carry the mark that lets a
   * later import prune them. Returns how many it took. `boundary` must not occur in `yaml`.
   */
  async importMetrics(
    yaml: string,
    {fileName, boundary}: {fileName: string; boundary: string},
    signal?: AbortSignal,
  ): Promise<number> {
    const {uploadForm} = await import('../wire/upload.js')
    const bytes = Buffer.from(yaml)
    const file = {fileName, boundary, sizeBytes: bytes.length, bytes: once(bytes)}
    const path = '/api/admin/metrics/import'
    const {body} = await this.http.requestJson('POST', path, {upload: uploadForm(file)}, signal)
    return readRow(body, ({count}) => (typeof count === 'number' ? count : undefined))
  }

  /** `tables` by name; `null` for all. `ConflictError` (code `sync_already_in_progress`) while one runs. */
  async triggerSync(tables: readonly string[] | null, signal?: AbortSignal): Promise<SyncTrigger> {
    const body = tables === null ? {} : {tables}
    return readRow(await this.send('POST', '/api/sync/trigger', body, signal), readSyncTrigger)
  }

  async isSyncing(signal?: AbortSignal): Promise<boolean> {
    return readRow(await this.get('/api/sync/status', signal), ({locked}) =>
      typeof locked === 'boolean' ? locked : undefined,
    )
  }

  /** Newest first. `MissingError` (code `no_audit`) where the server does not tell. */
  audit(filter: AuditFilter = {}, signal?: AbortSignal): AsyncIterable<AuditEntry[]> {
    return auditPages(this.http, filter, signal)
  }

  private pages<Row>(
    path: string,
    query: Record<string, string | number>,
    read: (body: unknown) => Row[],
    signal?: AbortSignal,
  ): AsyncIterable<Row[]> {
    return pagesOf(this.http, {path, query, read}, signal)
  }

  private async get(path: string, signal?: AbortSignal): Promise<unknown> {
    return (await this.http.requestJson('GET', path, {}, signal)).body
  }

  private async send(
    method: string,
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const request = body === undefined ? {} : {body}
    return (await this.http.requestJson(method, path, request, signal)).body
  }
}

/** An id as one segment of a path. Dots alone would be resolved away before the server sees them. */
function segment(id: string): string {
  if (id === '' || id === '.' || id === '..')
    throw new UsageError(`"${id}" is no id.`, {hint: 'Give the id as the list shows it.'})
  return encodeURIComponent(id)
}

/** Ids of metrics name a path below their category. */
function segments(id: string): string {
  return id.split('/').map(segment).join('/')
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
