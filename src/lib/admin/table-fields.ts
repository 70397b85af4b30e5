import {basename, dirname, resolve} from 'node:path'
import {MissingError, UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {TableFields} from './admin-api.js'

/** What `table register` and `table update` take on the command line. */
export interface TableFlags {
  name?: string | undefined
  'source-type'?: string | undefined
  bucket?: string | undefined
  'source-table'?: string | undefined
  'query-mode'?: string | undefined
  query?: string | undefined
  description?: string | undefined
  folder?: string | undefined
  'sync-schedule'?: string | undefined
  'sync-strategy'?: string | undefined
  'primary-key'?: string | undefined
  'incremental-column'?: string | undefined
  'incremental-window-days'?: number | undefined
  'max-history-days'?: number | undefined
  'where-filters-json'?: string | undefined
  'partition-by'?: string | undefined
  'partition-granularity'?: string | undefined
  'initial-load-chunk-days'?: number | undefined
  'server-only'?: boolean | undefined
}

/** Fields whose flag has another name. */
const WIRE_NAMES: Record<string, string> = {
  query: 'source_query',
  'where-filters-json': 'where_filters',
}

export interface FileDeps {
  currentDir: string
  filesAt(root: string): Files
}

/** The given fields by their names on the wire; `@file` stands for what the file holds. */
export async function readTableFields(flags: TableFlags, deps: FileDeps): Promise<TableFields> {
  const fields: Record<string, unknown> = {}
  for (const [flag, value] of Object.entries(flags) as [keyof TableFlags, unknown][])
    if (value !== undefined)
      fields[WIRE_NAMES[flag] ?? flag.replaceAll('-', '_')] = await fieldValue(flag, value, deps)
  return fields
}

async function fieldValue(flag: string, value: unknown, deps: FileDeps): Promise<unknown> {
  if (typeof value !== 'string') return value
  if (flag === 'primary-key')
    return value
      .split(',')
      .map((column) => column.trim())
      .filter((column) => column !== '')
  if (flag === 'query') return textOrFile(value, deps)
  if (flag === 'where-filters-json') return parseJson(await textOrFile(value, deps))
  return value
}

async function textOrFile(value: string, {currentDir, filesAt}: FileDeps): Promise<string> {
  if (!value.startsWith('@')) return value
  const path = resolve(currentDir, value.slice(1))
  const text = await filesAt(dirname(path)).readText(basename(path))
  if (text !== undefined) return text
  throw new MissingError(`There is no file ${path}.`, {code: 'file_missing', details: {path}})
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new UsageError('--where-filters-json is not JSON.', {code: 'bad_json', cause: error})
  }
}

/**
 * What a server would refuse, or take and fail on later, said before it is asked. Other combinations are
 * the server's to judge.
 */
export function checkTableFields(fields: TableFields): void {
  const {query_mode: mode, sync_strategy: strategy, source_type: source} = fields
  const hasQuery = typeof fields.source_query === 'string' && fields.source_query.trim() !== ''
  const refuse = (message: string, hint: string) => {
    throw new UsageError(message, {code: 'bad_table_fields', hint})
  }
  if (hasQuery && mode !== undefined && mode !== 'materialized')
    refuse('--query is for materialized tables.', 'Add --query-mode materialized, or leave it out.')
  if (mode === 'materialized' && !hasQuery && !['keboola', 'bigquery'].includes(String(source)))
    refuse(
      'A materialized table needs --query.',
      'Give the SQL, or a file of it: --query @orders.sql',
    )
  if (strategy === 'partitioned' && fields.partition_by === undefined)
    refuse('--sync-strategy partitioned needs --partition-by.', 'Name the column to part by.')
  if (fields.where_filters !== undefined && (mode === 'remote' || strategy === 'incremental'))
    refuse('--where-filters-json does not go with remote or incremental tables.', 'Leave it out.')
}
