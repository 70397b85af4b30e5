import type {TableDescription} from '../discovery/describe-table.js'
import type {SampleRows} from '../discovery/sample-rows.js'
import {bytesText, countText} from './amounts.js'
import {hereText} from './catalog-text.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {boxTable, recordBlocks} from './table.js'
import {paint, type Terminal} from './terminal.js'
import {valueText} from './value-text.js'

const FROM: Record<TableDescription['columnsFrom'], string> = {
  server: 'as the server has them',
  memory: 'as the server had them',
  local: 'of the files on this computer',
}

const NUMERIC =
  /^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|U?INTEGER|DECIMAL|NUMERIC|BIGNUMERIC|FLOAT|DOUBLE|REAL)[^[]*$/i

/** A table's facts, columns, and rows where they were asked for. In a pipe: the kind of a line comes first. */
export function describeText(table: TableDescription, terminal: Terminal): string {
  if (!terminal.isTty)
    return [...factLines(table), ...columnLines(table), ...rowLines(table)].join('\n')
  const sample =
    table.sample === null ? [] : ['', sampleTitle(table.sample), rowsText(table.sample, terminal)]
  return [
    paint(terminal, 'bold', sanitizeLine(table.name)),
    ...alignColumns(headRows(table), {indent: '  '}),
    '',
    ...columnTable(table, terminal),
    ...hintBlock(table),
    ...sample,
  ].join('\n')
}

/** The rows only, with their names above them. */
export function sampleText({sample}: {sample: SampleRows}, terminal: Terminal): string {
  if (terminal.isTty) return `${rowsText(sample, terminal)}${sampleTitle(sample)}`
  const names = sample.columns.map(({name}) => sanitizeLine(name)).join('\t')
  const rows = sample.rows.map((row) => row.map((value) => valueText(value) ?? 'NULL').join('\t'))
  return [names, ...rows].join('\n')
}

function headRows(table: TableDescription): string[][] {
  const {description, queryMode, sourceType, sqlFlavor, partitionBy, clusteredBy, local} = table
  const rows = local?.rows ?? table.rows
  const size = local?.sizeBytes ?? table.sizeBytes
  const facts: [string, string | null][] = [
    ['Id', table.id === table.name ? null : table.id],
    ['About', description],
    ['Mode', queryMode],
    ['Source', sourceType],
    ['Here', hereText(table, table.checkedAt)],
    ['Rows', rows === null ? null : countText(rows)],
    ['Size', size === null ? null : bytesText(size)],
    ['Partitioned by', partitionBy],
    ['Parts here', partsOf(local)],
    ['Clustered by', clusteredBy.length === 0 ? null : clusteredBy.join(', ')],
    ['Dialect', sqlFlavor],
    ...table.commands.map((command) => ['Answered by', command] as [string, string]),
  ]
  return facts.flatMap(([label, value]) => (value === null ? [] : [[label, sanitizeLine(value)]]))
}

function partsOf(local: TableDescription['local']): string | null {
  const parts = local?.parts ?? null
  return parts === null ? null : countText(parts)
}

function columnTable({columns, columnsFrom}: TableDescription, terminal: Terminal): string[] {
  const rows = columns.map(({name, type, nullable, description}) => [
    sanitizeLine(name),
    sanitizeLine(type),
    nullable === false ? 'never empty' : '',
    sanitizeLine(description ?? ''),
  ])
  const count = `${countText(columns.length)} ${columns.length === 1 ? 'column' : 'columns'}`
  return [
    paint(terminal, 'bold', `${count}, ${FROM[columnsFrom]}`),
    ...alignColumns(rows, {indent: '  '}),
  ]
}

/** How a condition is written for this table; the server's own words. */
function hintBlock({whereDialectHints, whereExamples}: TableDescription): string[] {
  const hints = Object.entries(whereDialectHints).map(([topic, hint]) =>
    [topic.replaceAll('_', ' '), hint].map(sanitizeLine),
  )
  const examples = whereExamples.map((example) => ['example', sanitizeLine(example)])
  if (hints.length + examples.length === 0) return []
  return ['', 'In a --where', ...alignColumns([...hints, ...examples], {indent: '  '})]
}

const ROWS_FROM: Record<SampleRows['from'], string> = {
  pulled: 'of the files on this computer',
  snapshot: 'of the snapshot on this computer, which is a kept part of a table',
  own: 'of your own table or view',
  server: 'from the server',
}

function sampleTitle({from, rows}: SampleRows): string {
  const amount = rows.length === 1 ? '1 row' : `${countText(rows.length)} rows`
  return `${amount}, ${ROWS_FROM[from]}; the order means nothing.`
}

function rowsText({columns, rows}: SampleRows, terminal: Terminal): string {
  const table = {
    header: columns.map(({name}) => sanitizeLine(name)),
    right: columns.map(({type}, index) =>
      type === null ? rows.some((row) => typeof row[index] === 'number') : NUMERIC.test(type),
    ),
    rows: rows.map((row) => row.map(valueText)),
  }
  return boxTable(table, terminal) ?? recordBlocks(table, terminal)
}

function factLines(table: TableDescription): string[] {
  const {local} = table
  const facts: [string, ...(string | number | null)[]][] = [
    ['table', table.id, table.name, table.queryMode, table.sourceType, table.description],
    ['columns_from', table.columnsFrom, table.cached?.fetchedAt ?? null],
    ['dialect', table.sqlFlavor],
    ['partition_by', table.partitionBy],
    ...table.clusteredBy.map((name) => ['clustered_by', name] as [string, string]),
    ['here', local?.state ?? null, local?.installedAt ?? null],
    ['rows', local?.rows ?? table.rows],
    ['bytes', local?.sizeBytes ?? table.sizeBytes],
    ['parts', local?.parts ?? null],
    ...table.commands.map((command) => ['command', command] as [string, string]),
    ...Object.entries(table.whereDialectHints).map(
      ([topic, hint]) => ['where_hint', topic, hint] as [string, string, string],
    ),
    ...table.whereExamples.map((example) => ['where_example', example] as [string, string]),
  ]
  return facts.filter((fact) => fact.slice(1).some((value) => value !== null)).map(tabbed)
}

function columnLines({columns}: TableDescription): string[] {
  return columns.map(({name, type, nullable, description}) =>
    tabbed(['column', name, type, nullable === null ? '' : String(nullable), description]),
  )
}

function rowLines({sample}: TableDescription): string[] {
  if (sample === null) return []
  return [
    tabbed(['rows_from', sample.from, sample.totalRows]),
    tabbed(['header', ...sample.columns.map(({name}) => name)]),
    ...sample.rows.map((row) => tabbed(['row', ...row.map((value) => valueText(value) ?? 'NULL')])),
  ]
}

function tabbed(cells: readonly (string | number | null)[]): string {
  return cells
    .map((cell) => sanitizeLine(String(cell ?? '')))
    .join('\t')
    .trimEnd()
}
