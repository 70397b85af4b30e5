import type {RegisteredTable} from '../wire/admin.js'
import type {Metric} from '../wire/metrics.js'
import type {CurrentMetric, CurrentTable, FieldValues} from './access-model.js'
import {settled} from './field-values.js'

type FieldType = 'text' | 'flag' | 'number' | 'texts' | 'any'

/** Fields of a table that a file may set, by their names on the wire. */
export const tableFields: Readonly<Record<string, FieldType>> = {
  name: 'text',
  description: 'text',
  source_type: 'text',
  query_mode: 'text',
  bucket: 'text',
  source_table: 'text',
  source_query: 'text',
  connection_id: 'text',
  bq_fqn: 'text',
  folder: 'text',
  sync_strategy: 'text',
  sync_schedule: 'text',
  primary_key: 'texts',
  incremental_column: 'text',
  incremental_window_days: 'number',
  max_history_days: 'number',
  initial_load_chunk_days: 'number',
  where_filters: 'any',
  partition_by: 'text',
  partition_granularity: 'text',
  profile_after_sync: 'flag',
  server_only: 'flag',
}

/** What a server takes when a registration does not say; an export leaves these out. */
const TABLE_DEFAULTS: FieldValues = {
  sync_strategy: 'full_refresh',
  profile_after_sync: true,
  server_only: false,
}

/** Fields of a metric that a file may set; `table` is `table_name` on the wire. */
export const metricFields: Readonly<Record<string, FieldType>> = {
  display_name: 'text',
  description: 'text',
  type: 'text',
  unit: 'text',
  grain: 'text',
  table: 'text',
  tables: 'texts',
  time_column: 'text',
  expression: 'text',
  dimensions: 'any',
  filters: 'any',
  synonyms: 'texts',
  notes: 'texts',
  sql: 'text',
  sql_variants: 'any',
  validation: 'any',
}

/** The registry id that a server gives a name. */
export function tableIdOf(name: string): string {
  return name.trim().toLowerCase().replaceAll(' ', '_')
}

export function currentTable(table: RegisteredTable): CurrentTable {
  const all: Record<string, unknown> = {
    ...table.settings,
    name: table.name,
    description: table.description,
    source_type: table.sourceType,
    query_mode: table.queryMode,
  }
  const fields = Object.fromEntries(
    Object.entries(tableFields).flatMap(([field, type]) => {
      const value = settled(type === 'texts' || type === 'any' ? decoded(all[field]) : all[field])
      return value === null ? [] : [[field, value]]
    }),
  )
  return {
    id: table.id,
    fields,
    isInternal: table.queryMode === 'internal' || table.sourceType === 'internal',
  }
}

/** Some versions keep lists as JSON text. */
function decoded(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    // Text that only begins like JSON is text.
    return value
  }
}

/** The fields of a table worth writing down. */
export function exportedTable({id, fields}: CurrentTable): FieldValues {
  return Object.fromEntries(
    Object.entries(fields).filter(([field, value]) => {
      if (field === 'name') return value !== id
      if (field === 'source_table') return value !== fields.name
      return TABLE_DEFAULTS[field] !== value
    }),
  )
}

export function currentMetric(metric: Metric): CurrentMetric {
  const all: FieldValues = {
    display_name: metric.displayName,
    description: metric.description,
    type: metric.type,
    unit: metric.unit,
    grain: metric.grain,
    table: metric.tableName,
    tables: metric.tables,
    time_column: metric.timeColumn,
    expression: metric.expression,
    dimensions: metric.dimensions,
    filters: metric.filters,
    synonyms: metric.synonyms,
    notes: metric.notes,
    sql: metric.sql,
    sql_variants: metric.sqlVariants,
    validation: metric.validation,
  }
  const given = Object.entries(all).filter(([, value]) => settled(value) !== null)
  return {id: metric.id, fields: Object.fromEntries(given), other: metric.other}
}

/** A metric as the server takes it, whole: what is left out would be lost. */
export function metricDocument(
  id: string,
  fields: FieldValues,
  before: CurrentMetric | undefined,
): Record<string, unknown> {
  const [category = '', ...rest] = id.split('/')
  const name = rest.join('/')
  const {table, ...merged}: Record<string, unknown> = {...before?.fields, ...fields}
  return {
    ...before?.other,
    ...merged,
    id,
    name,
    category,
    display_name: settled(merged.display_name) ?? name,
    ...(table === undefined ? {} : {table_name: table}),
    sql: merged.sql ?? '',
  }
}
