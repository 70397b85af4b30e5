import {ApiError} from './api-error.js'
import {RequestBody} from './request-body.js'
import type {CatalogTable} from './route-deps.js'
import type {RegistryRow} from './state/rows.js'

const SOURCE_TYPES = ['keboola', 'bigquery', 'jira', 'local']
const QUERY_MODES = ['local', 'remote', 'materialized']
const SYNC_STRATEGIES = ['full_refresh', 'incremental', 'partitioned']

/** Fields a row may be given, with what they are when nobody says. */
const DEFAULTS = {
  source_type: 'local',
  bucket: null,
  source_table: null,
  source_query: null,
  sync_strategy: 'full_refresh',
  query_mode: 'local',
  sync_schedule: null,
  profile_after_sync: true,
  primary_key: null,
  folder: null,
  description: null,
  incremental_window_days: null,
  max_history_days: null,
  incremental_column: null,
  where_filters: null,
  partition_by: null,
  partition_granularity: null,
  initial_load_chunk_days: null,
  server_only: false,
} as const
type RegistryField = keyof typeof DEFAULTS
const FIELDS = Object.keys(DEFAULTS) as RegistryField[]

export type RegistryFields = Record<RegistryField, unknown>

/** The registry id a name gets. */
export function registryId(name: string): string {
  return name.trim().toLowerCase().replaceAll(' ', '_')
}

/** The name and fields of a new row; 422 when they do not go together. */
export function readNewRow(input: unknown): {name: string; fields: RegistryFields} {
  const body = new RequestBody(input)
  const name = body.text('name').trim()
  body.check()
  if (name === '') throw invalid('name', 'name must not be empty')
  const fields = {...DEFAULTS, ...givenFields(body)}
  checkTogether(fields)
  return {name, fields}
}

/** The fields a change names: absent keeps, null clears. */
export function readRowChanges(input: unknown): {
  name: string | null
  given: Partial<RegistryFields>
} {
  const body = new RequestBody(input ?? {})
  const name = body.optionalText('name')
  const given = givenFields(body)
  body.check()
  return {name, given}
}

function givenFields(body: RequestBody): Partial<RegistryFields> {
  const sent = body.all()
  const given = Object.fromEntries(
    FIELDS.filter((field) => sent[field] !== undefined).map((field) => [field, sent[field]]),
  ) as Partial<RegistryFields>
  if (typeof given.primary_key === 'string') given.primary_key = [given.primary_key]
  for (const field of ['description', 'bucket', 'source_table', 'source_query', 'folder'] as const)
    if (given[field] !== undefined && given[field] !== null && typeof given[field] !== 'string')
      throw invalid(field, 'Input should be a valid string', 'string_type')
  return given
}

/** Which fields go together. */
export function checkTogether(fields: RegistryFields): void {
  oneOf('source_type', fields.source_type, SOURCE_TYPES)
  oneOf('query_mode', fields.query_mode, QUERY_MODES)
  oneOf('sync_strategy', fields.sync_strategy, SYNC_STRATEGIES)
  const mode = fields.query_mode
  const hasQuery = typeof fields.source_query === 'string' && fields.source_query.trim() !== ''
  if (hasQuery && mode !== 'materialized')
    throw invalid('source_query', 'source_query is only allowed with query_mode materialized')
  if (
    !hasQuery &&
    mode === 'materialized' &&
    !['keboola', 'bigquery'].includes(String(fields.source_type))
  )
    throw invalid('source_query', 'query_mode materialized requires source_query')
  if (fields.sync_strategy === 'partitioned') {
    if (!fields.partition_by) throw invalid('partition_by', 'partitioned requires partition_by')
    if (mode === 'remote') throw invalid('query_mode', 'partitioned does not go with remote')
  }
  if (fields.where_filters && (mode === 'remote' || fields.sync_strategy !== 'full_refresh'))
    throw invalid(
      'where_filters',
      `where_filters does not go with ${mode}, ${fields.sync_strategy}`,
    )
}

function oneOf(field: RegistryField, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'string' || !known.includes(value))
    throw invalid(
      field,
      `Input should be ${known.map((item) => `'${item}'`).join(', ')}`,
      'literal_error',
    )
}

function invalid(field: string, msg: string, type = 'value_error'): ApiError {
  return new ApiError(422, [{type, loc: ['body', field], msg, input: null}])
}

/** A row as the registry lists it; a table found in the data but never registered has one too. */
export function toRegistryEntry(
  row: RegistryRow | undefined,
  table: CatalogTable | undefined,
): Record<string, unknown> {
  const found = table
    ? {
        source_type: table.sourceType,
        query_mode: table.queryMode,
        description: table.description,
        partition_by: table.partitionBy,
        server_only: table.serverOnly,
        source_table: table.name,
        registered_by: 'system:discovery',
        registered_at: table.updated,
      }
    : {}
  return {
    id: row?.id ?? table?.id,
    name: row?.name ?? table?.name,
    ...DEFAULTS,
    registered_by: null,
    registered_at: null,
    last_sync_error: null,
    ...(row ? row.document : found),
  }
}
