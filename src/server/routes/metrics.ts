import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {RequestBody} from '../request-body.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {MetricRow, StateChange} from '../state/rows.js'
import {naiveIso} from '../times.js'
import {oneFile} from '../upload-form.js'

const admin = {config: {access: 'admin'}} as const
const TEXT_FIELDS = [
  'description',
  'type',
  'unit',
  'grain',
  'table_name',
  'expression',
  'time_column',
] as const
const FREE_FIELDS = ['tables', 'dimensions', 'filters', 'synonyms', 'notes'] as const

type Fields = Record<string, unknown>
type Named = FastifyRequest<{Params: {'*': string}}>

/** Metric definitions: read by all, written by administrators. */
export function registerMetricRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  app.get('/api/metrics', async (request: FastifyRequest<{Querystring: {category?: string}}>) => {
    const metrics = listMetrics(deps, request.query.category)
    return {metrics, count: metrics.length}
  })
  app.get('/api/metrics/*', async (request: Named) => {
    const id = request.params['*']
    const metric = deps.state.get('metrics', id)
    if (!metric) throw notThere(id)
    return metric.document
  })
  app.post('/api/admin/metrics', admin, (request, reply) => create(deps, request, reply))
  app.delete('/api/admin/metrics/*', admin, (request: Named) => remove(deps, request))
  app.post('/api/admin/metrics/import', admin, (request) => importYaml(deps, request))
}

function listMetrics({state}: ServerRouteDeps, category: string | undefined): Fields[] {
  return [...state.all('metrics')]
    .map(({document}) => document)
    .filter((metric) => category === undefined || metric.category === category)
    .sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1))
}

async function create(
  {state, clock}: ServerRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = new RequestBody(request.body)
  for (const field of ['id', 'name', 'display_name', 'category', 'sql']) body.text(field)
  for (const field of TEXT_FIELDS) body.optionalText(field)
  body.check()
  const fields = body.all()
  const row = await state.update(() => {
    const metric = newMetric(fields, {
      source: 'manual',
      now: naiveIso(clock.now()),
      before: state.get('metrics', String(fields.id)),
    })
    request.changed = `wrote metric ${metric.id}`
    return {changes: [{put: 'metrics', row: metric}], result: metric}
  })
  return reply.code(201).send(row.document)
}

function remove({state}: ServerRouteDeps, request: Named): Promise<Fields> {
  const id = request.params['*']
  return state.update(() => {
    if (!state.get('metrics', id)) throw notThere(id)
    request.changed = `deleted metric ${id}`
    return {changes: [{drop: 'metrics', key: [id]}], result: {status: 'deleted', id}}
  })
}

/** All entries of the file or none. */
async function importYaml(
  {state, clock}: ServerRouteDeps,
  request: FastifyRequest,
): Promise<Fields> {
  const {bytes} = await oneFile(request)
  const entries = await parseEntries(bytes.toString('utf8'))
  const now = naiveIso(clock.now())
  return state.update(() => {
    const changes = entries.map((entry): StateChange => {
      const before = state.get('metrics', metricId(entry))
      return {put: 'metrics', row: newMetric(fromYaml(entry), {source: 'yaml_import', now, before})}
    })
    request.changed = `imported metrics ${entries.map(metricId).join(', ')}`
    return {changes, result: {status: 'imported', count: entries.length}}
  })
}

async function parseEntries(text: string): Promise<Fields[]> {
  const {parse} = await import('yaml')
  let parsed: unknown
  try {
    parsed = parse(text, {maxAliasCount: 100})
  } catch (error) {
    throw new ApiError(400, `Invalid YAML: ${(error as Error).message.split('\n', 1)[0]}`)
  }
  const entries = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]
  if (parsed === null || parsed === undefined || entries.length === 0)
    throw new ApiError(400, 'The YAML file is empty')
  for (const entry of entries) {
    const fields = entry as Fields | null
    if (
      typeof fields !== 'object' ||
      typeof fields?.name !== 'string' ||
      typeof fields.category !== 'string'
    )
      throw new ApiError(400, 'Every metric needs a name and a category')
  }
  return entries as Fields[]
}

/** `table` is `table_name` on the wire; `sql_by_x` keys are the variants `by_x`. */
export function fromYaml(entry: Fields): Fields {
  const variants = Object.entries(entry).filter(([key]) => key.startsWith('sql_by_'))
  return {
    ...entry,
    id: metricId(entry),
    table_name: entry.table ?? entry.table_name,
    ...(variants.length > 0
      ? {
          sql_variants: Object.fromEntries(
            variants.map(([key, sql]) => [key.slice('sql_'.length), sql]),
          ),
        }
      : {}),
  }
}

function metricId(entry: Fields): string {
  return `${String(entry.category)}/${String(entry.name)}`
}

/** The stored metric: every field of the contract, the two nested ones as JSON text. */
export function newMetric(
  fields: Fields,
  options: {source: string; now: string; before: MetricRow | undefined},
): MetricRow {
  const optional = Object.fromEntries(
    [...TEXT_FIELDS, ...FREE_FIELDS].map((field) => [field, fields[field] ?? null]),
  )
  const document = {
    id: fields.id,
    name: fields.name,
    display_name: fields.display_name ?? fields.name,
    category: fields.category,
    ...optional,
    sql: fields.sql ?? '',
    sql_variants: asText(fields.sql_variants),
    validation: asText(fields.validation),
    source: options.source,
    created_at: options.before?.document.created_at ?? options.now,
    updated_at: options.now,
  }
  return {id: String(fields.id), document}
}

function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function notThere(id: string): ApiError {
  return new ApiError(404, `Metric '${id}' not found`)
}
