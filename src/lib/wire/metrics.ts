import {UnreachableError} from '../errors.js'
import {isFields, textField, timeField, type Fields} from './read-fields.js'

/**
 * One metric definition, all of it: what the server did not say is `null` or `[]`, never a default.
 * Texts are as sent, times ISO 8601 in UTC.
 */
export interface Metric {
  /** May hold `/`. */
  id: string
  name: string | null
  displayName: string | null
  category: string | null
  description: string | null
  type: string | null
  unit: string | null
  grain: string | null
  tableName: string | null
  tables: unknown[]
  expression: string | null
  timeColumn: string | null
  dimensions: unknown[]
  filters: unknown[]
  synonyms: unknown[]
  notes: unknown[]
  sql: string | null
  /** Other ways to write it, by name. */
  sqlVariants: unknown
  /** Rules the figure must keep. */
  validation: unknown
  source: string | null
  sourceRef: string | null
  createdAt: string | null
  updatedAt: string | null
  /** What this version of agnes has no field for, as sent. */
  other: Record<string, unknown>
}

/** Keys that are fields above. `description_text` is the description without markup. */
const KNOWN = new Set(
  (
    'id name display_name category description description_text type unit grain table_name tables ' +
    'expression time_column dimensions filters synonyms notes sql sql_variants validation source ' +
    'source_ref created_at updated_at'
  ).split(' '),
)

/** `UnreachableError` (code `unreadable_metrics`) for anything that is not a list of metrics. */
export function readMetrics(body: unknown): Metric[] {
  if (!isFields(body) || !Array.isArray(body.metrics)) throw unreadable()
  return body.metrics.map(readMetric)
}

/** `UnreachableError` (code `unreadable_metrics`) for anything that is not a metric. */
export function readMetric(body: unknown): Metric {
  const id = isFields(body) ? textField(body.id) : null
  if (!isFields(body) || id === null) throw unreadable()
  return {
    id,
    name: textField(body.name),
    displayName: textField(body.display_name),
    category: textField(body.category),
    description: textField(body.description_text) ?? textField(body.description),
    type: textField(body.type),
    unit: textField(body.unit),
    grain: textField(body.grain),
    tableName: textField(body.table_name),
    tables: listOf(body.tables),
    expression: textField(body.expression),
    timeColumn: textField(body.time_column),
    dimensions: listOf(body.dimensions),
    filters: listOf(body.filters),
    synonyms: listOf(body.synonyms),
    notes: listOf(body.notes),
    sql: textField(body.sql),
    sqlVariants: documentOf(body.sql_variants),
    validation: documentOf(body.validation),
    source: textField(body.source),
    sourceRef: textField(body.source_ref),
    createdAt: timeField(body.created_at),
    updatedAt: timeField(body.updated_at),
    other: otherFields(body),
  }
}

/** Lists arrive as such, as one text, or as an object; nothing of them is dropped. */
function listOf(value: unknown): unknown[] {
  if (value === null || value === undefined || value === '') return []
  return Array.isArray(value) ? (value as unknown[]) : [value]
}

/** One server sends JSON, the other JSON text inside a string; text that is no JSON stays text. */
function documentOf(value: unknown): unknown {
  if (value === undefined || value === '') return null
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

function otherFields(body: Fields): Record<string, unknown> {
  const rest = Object.entries(body).filter(([key, value]) => !KNOWN.has(key) && value !== null)
  return Object.fromEntries(rest)
}

function unreadable(): UnreachableError {
  return new UnreachableError("The server's metrics are not readable.", {
    code: 'unreadable_metrics',
    hint: 'Check the server address; a proxy may stand in front of it.',
  })
}
