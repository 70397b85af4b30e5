import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {
  checkTogether,
  readNewRow,
  readRowChanges,
  registryId,
  toRegistryEntry,
  type RegistryFields,
} from '../registry-row.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {RegistryRow} from '../state/rows.js'
import {naiveIso} from '../times.js'

const admin = {config: {access: 'admin'}} as const

/** Fields that only go together in certain ways. */
const SHAPE = new Set([
  'source_type',
  'query_mode',
  'source_query',
  'sync_strategy',
  'partition_by',
  'where_filters',
])

type ById = FastifyRequest<{Params: {id: string}}>

/** What the tables are called and how they are described. A table found in the data is listed unasked. */
export function registerRegistryRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  app.get('/api/admin/registry', admin, async () => list(deps))
  app.post('/api/admin/register-table', admin, (request, reply) => register(deps, request, reply))
  app.post('/api/admin/register-table/precheck', admin, async (request) => precheck(request))
  app.put('/api/admin/registry/:id', admin, (request: ById) => change(deps, request))
  app.delete('/api/admin/registry/:id', admin, (request: ById, reply) =>
    unregister(deps, request, reply),
  )
}

function list({catalog, state}: ServerRouteDeps): Record<string, unknown> {
  const tables = catalog
    .all()
    .map((table) => toRegistryEntry(state.get('registry', table.id), table))
  return {tables, count: tables.length}
}

async function register(
  deps: ServerRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {state, catalog, clock} = deps
  const {name, fields} = readNewRow(request.body)
  const id = registryId(name)
  if (fields.source_type === 'bigquery' && fields.query_mode === 'remote')
    throw new ApiError(
      400,
      'bigquery: this embedded server has no BigQuery project; publish remote tables through extracts/<source>/extract.duckdb',
    )
  await state.update(() => {
    const taken = state.get('registry', id)
    if (taken && !taken.isHidden) throw new ApiError(409, `Table '${id}' already registered`)
    const named = catalog.all().find((table) => table.name === name && table.id !== id)
    if (named)
      throw new ApiError(409, `View name '${name}' is already in use by table id '${named.id}'`)
    const row = newRow(id, name, {
      ...fields,
      registered_by: callerOf(request).email,
      registered_at: naiveIso(clock.now()),
    })
    request.changed = `registered table ${id}`
    return {changes: [{put: 'registry', row}], result: undefined}
  })
  return reply.code(201).send({id, name, status: 'registered'})
}

function precheck(request: FastifyRequest): Record<string, unknown> {
  const {name, fields} = readNewRow(request.body)
  return {
    ok: true,
    table: {
      name,
      source_type: fields.source_type,
      bucket: fields.bucket,
      source_table: fields.source_table ?? name,
      rows: null,
      size_bytes: null,
      columns: [],
      note: 'Only the fields were checked; the source was not asked.',
    },
  }
}

function change(deps: ServerRouteDeps, request: ById): Promise<Record<string, unknown>> {
  const {state, catalog} = deps
  const {id} = request.params
  const {name, given} = readRowChanges(request.body)
  return state.update(() => {
    const table = catalog.all().find((candidate) => candidate.id === id)
    const stored = state.get('registry', id)
    if (!table || stored?.isHidden) throw new ApiError(404, 'Table not found')
    if (name !== null && name !== table.name && table.isPublished)
      throw new ApiError(409, `The name of '${id}' comes from its data and cannot be changed here`)
    const {id: _id, name: _name, ...known} = toRegistryEntry(stored, table)
    const document = {...known, ...given}
    // What an extract says of itself need not be what a registration may say.
    if (Object.keys(given).some((field) => SHAPE.has(field)))
      checkTogether(document as unknown as RegistryFields)
    const updated = [...(name === null ? [] : ['name']), ...Object.keys(given)]
    if (updated.length === 0) return {changes: [], result: {id, updated}}
    const row = newRow(id, name ?? table.name, document)
    request.changed = `changed table ${id}: ${updated.join(', ')}`
    return {changes: [{put: 'registry', row}], result: {id, updated}}
  })
}

/** Data stays on disk; a table that is found there again stays hidden until it is registered anew. */
async function unregister(
  {state, catalog, store}: ServerRouteDeps,
  request: ById,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {id} = request.params
  await state.update(() => {
    const table = catalog.all().find((candidate) => candidate.id === id)
    if (!table) throw new ApiError(404, 'Table not found')
    request.changed = `unregistered table ${id}`
    if (!store.byId(id)) return {changes: [{drop: 'registry', key: [id]}], result: undefined}
    const row = {...newRow(id, table.name, {}), isHidden: true}
    return {changes: [{put: 'registry', row}], result: undefined}
  })
  return reply.code(204).send()
}

function newRow(id: string, name: string, document: Record<string, unknown>): RegistryRow {
  return {id, name, isHidden: false, document}
}
