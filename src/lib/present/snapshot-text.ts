import type {SnapshotInfo} from '../snapshot/list-snapshots.js'
import type {ScanEstimate} from '../wire/scan.js'
import {ageText, bytesText, countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

export interface CreatedText {
  table: string
  name: string
  estimate: ScanEstimate | null
  snapshot: {rows: number; sizeBytes: number; expiresAt: string | null} | null
  maxBytes: number
}

/** The estimate, and what was made of it. In a pipe: one fact a line. */
export function createdText(created: CreatedText, terminal: Terminal): string {
  const {name, estimate, snapshot} = created
  if (!terminal.isTty) return tabbed(createdFacts(created))
  const lines: string[] = []
  if (estimate) lines.push(...estimateLines(created.table, estimate), '')
  if (snapshot) {
    const {rows, sizeBytes, expiresAt} = snapshot
    const until = expiresAt === null ? '' : `, until ${expiresAt}`
    lines.push(
      `${paint(terminal, 'green', 'Snapshot')} ${name}: ${countText(rows)} ${rows === 1 ? 'row' : 'rows'}, ${bytesText(sizeBytes)}${until}`,
      `Next: agnes query "SELECT * FROM ${name} LIMIT 10"`,
    )
  }
  return lines.join('\n').trimEnd()
}

function estimateLines(table: string, estimate: ScanEstimate): string[] {
  const rows = [
    ['Scans', bytesOrUnknown(estimate.scanBytes)],
    ['Result', `${known(estimate.resultRows)} rows, ${bytesOrUnknown(estimate.resultBytes)}`],
    [
      'Price',
      estimate.costUsd === null ? 'n/a' : `$${estimate.costUsd.toFixed(4)} (the server's price)`,
    ],
  ]
  if (estimate.engine !== null) rows.unshift(['Engine', sanitizeLine(estimate.engine)])
  return [`Estimate for ${sanitizeLine(table)}:`, ...alignColumns(rows, {indent: '  '})]
}

function known(count: number | null): string {
  return count === null ? 'n/a' : countText(count)
}

function bytesOrUnknown(bytes: number | null): string {
  return bytes === null ? 'n/a' : `${bytesText(bytes)} (${countText(bytes)} bytes)`
}

function createdFacts({name, table, estimate, snapshot}: CreatedText): Row[] {
  const rows: Row[] = [['table', table]]
  if (estimate)
    rows.push(
      ['engine', estimate.engine ?? 'n/a'],
      ['scan_bytes', estimate.scanBytes ?? 'n/a'],
      ['result_rows', estimate.resultRows ?? 'n/a'],
      ['result_bytes', estimate.resultBytes ?? 'n/a'],
      ['cost_usd', estimate.costUsd ?? 'n/a'],
    )
  if (snapshot)
    rows.push(
      ['snapshot', name],
      ['rows', snapshot.rows],
      ['bytes', snapshot.sizeBytes],
      ['expires_at', snapshot.expiresAt],
    )
  return rows
}

/** One snapshot a line. */
export function snapshotListText(
  {snapshots, checkedAt}: {snapshots: readonly SnapshotInfo[]; checkedAt: string},
  terminal: Terminal,
): string {
  if (!terminal.isTty)
    return tabbed(
      snapshots.map((one) => [
        one.name,
        one.state,
        one.rows,
        one.sizeBytes,
        one.fetchedAt,
        one.expiresAt,
        one.table,
        one.fromQuery ?? one.where,
      ]),
    )
  if (snapshots.length === 0)
    return 'No snapshots. Make one: agnes snapshot create TABLE --estimate'
  const head = ['Snapshot', 'Rows', 'Size', 'Made', 'Expires', 'Table', 'Of'].map((title) =>
    paint(terminal, 'bold', title),
  )
  const rows = snapshots.map((one) => [
    one.name,
    one.rows === null ? '?' : countText(one.rows),
    bytesText(one.sizeBytes),
    ageOf(one.fetchedAt, checkedAt),
    expiryOf(one, checkedAt, terminal),
    sanitizeLine(one.table ?? '?'),
    sanitizeLine(remarkOf(one)),
  ])
  return alignColumns([head, ...rows], {right: [1, 2]}).join('\n')
}

function ageOf(at: string | null, checkedAt: string): string {
  return at === null ? '?' : ageText(Date.parse(checkedAt) - Date.parse(at))
}

function expiryOf(
  {expiresAt, isExpired}: SnapshotInfo,
  checkedAt: string,
  terminal: Terminal,
): string {
  if (expiresAt === null) return '-'
  return isExpired ? paint(terminal, 'yellow', 'expired') : ageOf(expiresAt, checkedAt)
}

const STATES: Record<SnapshotInfo['state'], string> = {
  ok: '',
  changed: '[the file was changed] ',
  missing: '[the file is gone] ',
  unrecorded: '[no record] ',
}

function remarkOf(one: SnapshotInfo): string {
  const withdrawn = one.withdrawnSource === null ? '' : `[${one.withdrawnSource} was withdrawn] `
  return `${withdrawn}${STATES[one.state]}${one.fromQuery ?? one.where ?? ''}`
}

/** Everything known about one. */
export function snapshotText(one: SnapshotInfo, terminal: Terminal): string {
  const list = (items: string[] | null) => (items === null ? null : items.join(', '))
  const rows: Row[] = [
    ['name', one.name],
    ['state', one.state],
    ['table', one.table],
    ['server', one.server],
    ['select', list(one.select)],
    ['where', one.where],
    ['order_by', list(one.orderBy)],
    ['limit', one.limit],
    ['from_query', one.fromQuery],
    ['rows', one.rows],
    ['bytes', one.sizeBytes],
    ['fetched_at', one.fetchedAt],
    ['expires_at', one.expiresAt],
    ['expired', String(one.isExpired)],
    ['estimated_scan_bytes', one.estimatedScanBytes],
    ['md5', one.md5],
    ['withdrawn_source', one.withdrawnSource],
  ]
  if (!terminal.isTty) return tabbed(rows)
  const shown = rows.filter(([, value]) => value !== null)
  return alignColumns(shown.map((row) => row.map((cell) => sanitizeLine(String(cell))))).join('\n')
}

export interface RefreshedText {
  name: string
  rowsBefore: number | null
  rows: number
  rowsDelta: number | null
  sizeBytesBefore: number
  sizeBytes: number
  identical: boolean | null
}

export function refreshedText(result: RefreshedText, terminal: Terminal): string {
  const {name, rowsBefore, rows, rowsDelta, sizeBytesBefore, sizeBytes, identical} = result
  if (!terminal.isTty)
    return tabbed([
      ['snapshot', name],
      ['rows', rowsBefore, rows, rowsDelta],
      ['bytes', sizeBytesBefore, sizeBytes],
      ['identical', identical === null ? null : String(identical)],
    ])
  const delta =
    rowsDelta === null ? '' : ` (${rowsDelta < 0 ? '-' : '+'}${countText(Math.abs(rowsDelta))})`
  const same =
    identical === null ? '' : identical ? ', the same bytes as before' : ', other bytes than before'
  return (
    `Snapshot ${name}: ${rowsBefore === null ? '?' : countText(rowsBefore)} -> ${countText(rows)} rows${delta}, ` +
    `${bytesText(sizeBytesBefore)} -> ${bytesText(sizeBytes)}${same}`
  )
}

export function prunedText(
  {snapshots, isDryRun}: {snapshots: readonly SnapshotInfo[]; isDryRun: boolean},
  terminal: Terminal,
): string {
  if (!terminal.isTty) return tabbed(snapshots.map(({name, sizeBytes}) => [name, sizeBytes]))
  if (snapshots.length === 0) return 'No snapshot matches.'
  const verb = isDryRun ? 'Would remove' : 'Removed'
  return snapshots
    .map(({name, sizeBytes}) => `${verb} ${name} (${bytesText(sizeBytes)})`)
    .join('\n')
}

type Row = (string | number | null)[]

function tabbed(rows: readonly Row[]): string {
  return rows
    .map((row) => row.map((cell) => sanitizeLine(String(cell ?? ''))).join('\t'))
    .join('\n')
}
