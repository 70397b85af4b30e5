import {UnreachableError} from '../errors.js'
import {countField, isFields, textField, textsField, type Fields} from './read-fields.js'

/** One table of `GET /api/v2/catalog`, of either server generation. Texts are as sent. */
export interface CatalogRow {
  /** Names the table in paths of the server. */
  id: string
  /** Names the table in SQL. */
  name: string
  description: string | null
  sourceType: string | null
  /** `local`, `materialized`, `remote`, or something newer. */
  queryMode: string
  serverOnly: boolean
  sqlFlavor: string | null
  whereExamples: string[]
  /** How the server itself would go about it, free text. */
  fetchVia: string | null
  /** `small`, `medium`, `large`, `very_large`. */
  roughSize: string | null
  /** As the server knows it, for remote tables only. */
  rows: number | null
  sizeBytes: number | null
  partitionBy: string | null
  clusteredBy: string[]
  entityType: string | null
  metadataFreshness: string | null
}

/** `UnreachableError` (code `unreadable_catalog`) for anything that is not a catalog. */
export function readCatalog(body: unknown): CatalogRow[] {
  if (!isFields(body) || !Array.isArray(body.tables))
    throw new UnreachableError("The server's catalog is not readable.", {
      code: 'unreadable_catalog',
      hint: 'Check the server address; a proxy may stand in front of it.',
    })
  return body.tables.filter(isFields).flatMap((row) => readRow(row) ?? [])
}

function readRow(row: Fields): CatalogRow | undefined {
  const id = textField(row.id) ?? textField(row.name)
  if (id === null) return undefined
  return {
    id,
    name: textField(row.name) ?? id,
    description: textField(row.description),
    sourceType: textField(row.source_type),
    queryMode: textField(row.query_mode) ?? 'local',
    serverOnly: row.server_only === true,
    sqlFlavor: textField(row.sql_flavor),
    whereExamples: textsField(row.where_examples),
    fetchVia: textField(row.fetch_via),
    roughSize: textField(row.rough_size_hint),
    rows: countField(row.rows),
    sizeBytes: countField(row.size_bytes),
    partitionBy: textField(row.partition_by),
    clusteredBy: textsField(row.clustered_by),
    entityType: textField(row.entity_type),
    metadataFreshness: textField(row.metadata_freshness),
  }
}
