import {UnreachableError} from '../errors.js'
import {isFields, textField, textsField} from './read-fields.js'

export interface SchemaColumn {
  name: string
  /** In the words of the engine that holds the table. */
  type: string
  /** `null` when unknown. */
  nullable: boolean | null
  description: string | null
}

/** `GET /api/v2/schema/{id}`. Texts are as sent. */
export interface TableSchema {
  tableId: string | null
  sourceType: string | null
  sqlFlavor: string | null
  columns: SchemaColumn[]
  partitionBy: string | null
  clusteredBy: string[]
  /** How to write what differs between dialects, by topic; `{}` for DuckDB. */
  whereDialectHints: Record<string, string>
}

/** `GET /api/v2/sample/{id}`. */
export interface TableSample {
  /** Integers beyond 2^53 are texts; the values are otherwise as sent. */
  rows: Record<string, unknown>[]
  source: string | null
  /** What the server says about rows it left out for this person; `null` when it says nothing. */
  rowScope: unknown
}

/** `UnreachableError` (code `unreadable_schema`) for anything that is not a schema. */
export function readSchema(body: unknown): TableSchema {
  if (!isFields(body) || !Array.isArray(body.columns))
    throw unreadable('schema', 'unreadable_schema')
  const hints = isFields(body.where_dialect_hints) ? body.where_dialect_hints : {}
  return {
    tableId: textField(body.table_id),
    sourceType: textField(body.source_type),
    sqlFlavor: textField(body.sql_flavor),
    columns: body.columns.filter(isFields).map((column) => ({
      name: typeof column.name === 'string' ? column.name : '',
      type: textField(column.type) ?? '',
      nullable: typeof column.nullable === 'boolean' ? column.nullable : null,
      description: textField(column.description),
    })),
    partitionBy: textField(body.partition_by),
    clusteredBy: textsField(body.clustered_by),
    whereDialectHints: Object.fromEntries(
      Object.entries(hints).map(([topic, hint]) => [
        topic,
        typeof hint === 'string' ? hint : JSON.stringify(hint),
      ]),
    ),
  }
}

/** `UnreachableError` (code `unreadable_sample`) for anything that is not a sample. Takes lossless JSON. */
export function readSample(body: unknown): TableSample {
  if (!isFields(body) || !Array.isArray(body.rows)) throw unreadable('sample', 'unreadable_sample')
  return {
    rows: body.rows.filter(isFields).map((row) => plainNumbers(row) as Record<string, unknown>),
    source: textField(body.source),
    rowScope: plainNumbers(body.row_scope ?? null),
  }
}

/** Lossless integers as numbers where a number holds them, else as text: nothing is rounded. */
export function plainNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (Array.isArray(value)) return value.map(plainNumbers)
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainNumbers(item)]))
}

function unreadable(what: string, code: string): UnreachableError {
  return new UnreachableError(`The server's ${what} of the table is not readable.`, {
    code,
    hint: 'Check the server address; a proxy may stand in front of it.',
  })
}
