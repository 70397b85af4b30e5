import type {ListedTable} from '../sync/sync-state.js'
import type {StatusReport, StatusTable} from '../status/read-status.js'
import {ageText, bytesText, countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

const FOUND_BY: Record<StatusReport['foundBy'], string> = {
  flag: 'named with --workspace',
  AGNES_LOCAL_DIR: 'named in AGNES_LOCAL_DIR',
  folder: 'from the current folder',
  registered: 'the newest one of this account',
}

const STATE_STYLES = {ok: 'green', changed: 'red', missing: 'red', unverified: 'yellow'} as const

const REASONS: Record<ListedTable['reason'], string> = {
  remote: 'stays on the server',
  server_only: 'stays on the server',
  not_materialized: 'not built on the server yet',
  skipped_materialized: 'left out with --skip-materialize',
  not_in_packages: 'not in your packages',
  unsafe_name: 'its name cannot be a file name',
}

/** The workspace at a glance. In a pipe: one fact or table a line, its kind first. */
export function statusText(report: StatusReport, terminal: Terminal): string {
  return terminal.isTty ? overview(report, terminal) : facts(report)
}

function overview(report: StatusReport, terminal: Terminal): string {
  const total = report.tables.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)
  const count = report.tables.length
  const lines = [
    ...alignColumns(headRows(report)),
    '',
    ...tableRows(report, terminal),
    `${countText(count)} ${count === 1 ? 'table' : 'tables'}, ${bytesText(total)}`,
  ]
  for (const sentence of report.advice)
    lines.push(`${paint(terminal, 'yellow', 'Next:')} ${sanitizeLine(sentence)}`)
  return lines.join('\n')
}

function headRows(report: StatusReport): string[][] {
  return [
    ['Workspace', `${report.workspace} (${FOUND_BY[report.foundBy]})`],
    ['Server', report.server ?? 'none known'],
    ['Signed in', signInText(report)],
    ['Last pull', pullText(report)],
    ['Hooks', report.hooks],
    ['Snapshots', countText(report.snapshots)],
  ]
}

function signInText({signedIn}: StatusReport): string {
  if (!signedIn) return 'no'
  const {email, expiresAt, isExpired, store} = signedIn
  const end =
    expiresAt === null ? '' : `, ${isExpired ? 'expired' : 'until'} ${expiresAt.slice(0, 10)}`
  return `${sanitizeLine(email ?? 'yes')}${end} (${store})`
}

function pullText({lastSuccessAt, lastAttempt, checkedAt}: StatusReport): string {
  const done =
    lastSuccessAt === null ? 'never' : `${ageOf(lastSuccessAt, checkedAt)} (${lastSuccessAt})`
  if (lastAttempt === null || lastAttempt.exitCode === 0) return done
  const why = lastAttempt.message === null ? '' : `: ${sanitizeLine(lastAttempt.message)}`
  return `${done}; the attempt of ${lastAttempt.at} failed${why}`
}

/** `''` for a time the reference client did not note. */
function ageOf(at: string, checkedAt: string): string {
  const ageMs = Date.parse(checkedAt) - Date.parse(at)
  return Number.isNaN(ageMs) ? sanitizeLine(at) : ageText(ageMs)
}

function tableRows({tables, listed, checkedAt}: StatusReport, terminal: Terminal): string[] {
  if (tables.length + listed.length === 0) return []
  const head = ['Table', 'State', 'Rows', 'Size', 'Installed', 'Data of'].map((title) =>
    paint(terminal, 'bold', title),
  )
  const rows = [
    head,
    ...tables.map((table) => [
      sanitizeLine(table.name),
      stateText(table, terminal),
      table.rows === null ? '?' : countText(table.rows),
      bytesText(table.sizeBytes),
      ageOf(table.installedAt, checkedAt),
      sanitizeLine(table.dataUpdatedAt ?? ''),
    ]),
    ...listed.map(({name, reason}) => [sanitizeLine(name), REASONS[reason], '', '', '', '']),
  ]
  return [...alignColumns(rows, {right: [2, 3]}), '']
}

function stateText({state}: StatusTable, terminal: Terminal): string {
  return paint(terminal, STATE_STYLES[state], state)
}

function facts(report: StatusReport): string {
  const {signedIn, lastAttempt} = report
  const rows: (string | number | null)[][] = [
    ['workspace', report.workspace, report.foundBy],
    ['server', report.server],
    ['signed_in', signedIn?.email ?? null, signedIn?.expiresAt ?? null, signedIn?.store ?? null],
    ['last_success', report.lastSuccessAt],
    ['last_attempt', lastAttempt?.at ?? null, lastAttempt?.exitCode ?? null],
    ['hooks', report.hooks],
    ['snapshots', report.snapshots],
    ...report.tables.map((table) => [
      'table',
      table.name,
      table.state,
      table.rows,
      table.sizeBytes,
      table.installedAt,
      table.dataUpdatedAt,
    ]),
    ...report.listed.map(({name, reason}) => ['listed', name, reason]),
  ]
  return rows
    .map((row) => row.map((cell) => sanitizeLine(String(cell ?? ''))).join('\t'))
    .join('\n')
}
