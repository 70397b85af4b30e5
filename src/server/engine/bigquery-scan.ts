import type {TablePath} from '../../lib/ports/remote-engine.js'
import {ApiError} from '../api-error.js'
import type {PublishedTable, ScanRequest} from '../model.js'
import {pathText} from './admit-bigquery.js'
import {readBothWays} from './bigquery-text.js'
import {checkScan, type EngineParts} from './query-engine.js'

/** The statement of a scan in BigQuery's dialect, checked as any scan is: its names are those of the schema. */
export async function bigQueryScanSql(
  parts: Pick<EngineParts, 'parse'>,
  {
    table,
    path,
    request,
    names,
  }: {table: PublishedTable; path: TablePath; request: ScanRequest; names: readonly string[]},
  signal?: AbortSignal,
): Promise<string> {
  const both = readBothWays(request.where ?? '')
  if ('problem' in both) throw new ApiError(400, `where: ${both.problem}`)
  const checked = {...request, where: both.parser.trim()}
  const {columns} = await checkScan(parts, {table, request: checked, names}, signal)
  const where = both.bigQuery.trim().replace(/;$/, '')
  const order = columns.orderBy.map(
    ({column, isDescending}) => `${quoted(column)} ${isDescending ? 'DESC' : 'ASC'}`,
  )
  return [
    `SELECT ${columns.select.map(quoted).join(', ')} FROM ${quoted(pathText(path))} AS ${quoted(table.id)}`,
    where === '' ? '' : `WHERE (\n${where}\n)`,
    order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`,
    request.limit ? `LIMIT ${request.limit}` : '',
  ]
    .filter((line) => line !== '')
    .join('\n')
}

/** Names come from BigQuery's own schema, where a backtick cannot be. */
function quoted(name: string): string {
  return `\`${name}\``
}
