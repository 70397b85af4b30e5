import type {CatalogTable, TableList} from '../discovery/list-tables.js'
import {ageText, bytesText, countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** The tables a person may use. In a pipe: one table a line, every fact in its own column. */
export function catalogText(list: TableList, terminal: Terminal): string {
  if (!terminal.isTty) return list.tables.map((table) => line(table)).join('\n')
  if (list.tables.length === 0)
    return list.total === 0
      ? 'The server lists no tables for you. An administrator can grant some.'
      : `None of the ${countText(list.total)} tables fits. See all: agnes catalog`
  const titles = ['Table', 'Id', 'Mode', 'Here', 'Rows', 'Size', 'Answered by']
  const rows = [
    titles.map((title) => paint(terminal, 'bold', title)),
    ...list.tables.map((table) => cells(table, list.checkedAt)),
  ]
  const hasIds = list.tables.some(({id, name}) => id !== name)
  const shown = hasIds ? rows : rows.map((row) => row.filter((_, index) => index !== 1))
  const numbers = hasIds ? [4, 5] : [3, 4]
  const count = list.tables.length
  const amount =
    count === list.total ? countText(count) : `${countText(count)} of ${countText(list.total)}`
  return [
    ...alignColumns(shown, {right: numbers}),
    '',
    `${amount} ${list.total === 1 ? 'table' : 'tables'}. Columns of one: agnes schema TABLE`,
  ].join('\n')
}

function cells(table: CatalogTable, checkedAt: string): string[] {
  const {local, rows, sizeBytes, roughSize} = table
  const count = local?.rows ?? rows
  const size = local?.sizeBytes ?? sizeBytes
  return [
    sanitizeLine(table.name),
    sanitizeLine(table.id),
    sanitizeLine(table.serverOnly ? `${table.queryMode}, on the server only` : table.queryMode),
    hereText(table, checkedAt),
    count === null ? '' : countText(count),
    size === null ? sanitizeLine(roughSize?.replaceAll('_', ' ') ?? '') : bytesText(size),
    sanitizeLine(table.commands[0] ?? ''),
  ]
}

/** `3 hours ago`, `damaged`, `no`. */
export function hereText({local}: Pick<CatalogTable, 'local'>, checkedAt: string): string {
  if (!local) return 'no'
  if (local.state === 'damaged') return 'damaged'
  const ageMs = Date.parse(checkedAt) - Date.parse(local.installedAt)
  return Number.isNaN(ageMs) ? 'yes' : ageText(ageMs)
}

function line(table: CatalogTable): string {
  const {local} = table
  return [
    table.id,
    table.name,
    table.queryMode,
    local?.state ?? '',
    local?.installedAt ?? '',
    local?.rows ?? table.rows ?? '',
    local?.sizeBytes ?? table.sizeBytes ?? '',
    table.partitionBy ?? '',
    table.clusteredBy.join(','),
    table.description ?? '',
    table.commands[0] ?? '',
  ]
    .map((cell) => sanitizeLine(String(cell)))
    .join('\t')
}
