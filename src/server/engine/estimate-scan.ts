import type {WarehouseSession} from '../../lib/ports/warehouse.js'
import type {PublishedTable, ScanEstimate, ScanRequest} from '../model.js'
import {toScanError} from './engine-errors.js'
import type {CheckedScan, EngineParts} from './query-engine.js'
import {bytesFor, countPruned, partitionFilter, readStatistics} from './remote-cost.js'
import {childNodes, type SqlNode} from './sql-tree.js'

/** Local tables cost nothing and are not counted, as on the reference server. */
export async function estimateScan(
  parts: EngineParts,
  {table, request, scan}: {table: PublishedTable; request: ScanRequest; scan: CheckedScan},
  signal?: AbortSignal,
): Promise<ScanEstimate> {
  if (table.queryMode !== 'remote') return {scanBytes: 0, resultRows: null, resultBytes: null}
  try {
    const session = await parts.open([table])
    try {
      return await estimateRemote(session, {table, request, scan}, signal)
    } finally {
      await session.close()
    }
  } catch (error) {
    throw toScanError(error)
  }
}

async function estimateRemote(
  session: WarehouseSession,
  {table, request, scan}: {table: PublishedTable; request: ScanRequest; scan: CheckedScan},
  signal?: AbortSignal,
): Promise<ScanEstimate> {
  const statistics = await readStatistics(session, table, signal)
  const filter = partitionFilter(scan.filter, table.partitionBy)
  const rows = filter
    ? await countPruned(session, {table, filter, alias: table.id}, signal)
    : statistics.rows
  const selected = scan.columns.select.map((name) => name.toLowerCase())
  const sorted = scan.columns.orderBy.map(({column}) => column.toLowerCase())
  const filtered = scan.filter ? columnsIn(scan.filter) : []
  const resultRows = Math.min(rows, request.limit ?? rows)
  return {
    scanBytes: bytesFor(statistics, {columns: [...selected, ...sorted, ...filtered], rows}),
    resultRows,
    resultBytes: bytesFor(statistics, {columns: selected, rows: resultRows}),
  }
}

function columnsIn(node: SqlNode): string[] {
  if (node.class === 'COLUMN_REF')
    return [String((node.column_names as string[]).at(-1)).toLowerCase()]
  return childNodes(node).flatMap(columnsIn)
}
