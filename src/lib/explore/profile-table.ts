import {identifier} from '../catalog/table-source.js'
import {cellText} from '../cells/cell-text.js'
import {INTEGER_KINDS, MEASURED_NUMBERS} from '../cells/numeric-kinds.js'
import type {OpenTable} from '../discovery/local-session.js'
import type {Cell, Column, ColumnType} from '../ports/warehouse.js'
import {
  BINS,
  isRepetitive,
  QUANTILES,
  quantilesOf,
  shortened,
  TOP_VALUES,
  type ColumnProfile,
} from './column-profile.js'

/** Up to here values are counted and ordered exactly; beyond, that would take the memory of the table. */
const MAX_EXACT_ROWS = 200_000

type Kind = ColumnType['kind']
/** The engine knows later days than JavaScript; no range of them can be written down. */
const LAST_SECOND = 8_640_000_000_000
/** Kinds that lie on a line: they have quantiles and a histogram. */
const MEASURABLE: ReadonlySet<Kind> = new Set([...MEASURED_NUMBERS, 'date', 'timestamp'])
const ORDERED: ReadonlySet<Kind> = new Set([
  ...MEASURABLE,
  'boolean',
  'varchar',
  'enum',
  'uuid',
  'time',
  'time_ns',
])

interface Measured extends OpenTable {
  rowCount: number
}

/** Reads a table column by column, never two columns at once, in bounded memory. */
export async function profileTable(
  table: OpenTable,
  signal: AbortSignal,
): Promise<{rowCount: number; columns: ColumnProfile[]}> {
  const [[count]] = (await table.session.rows(`SELECT count(*) FROM ${table.sql}`, [], signal)) as [
    [bigint],
  ]
  const measured = {...table, rowCount: Number(count)}
  const columns: ColumnProfile[] = []
  for (const column of table.columns) columns.push(await profileColumn(column, measured, signal))
  return {rowCount: measured.rowCount, columns}
}

async function profileColumn(
  column: Column,
  table: Measured,
  signal: AbortSignal,
): Promise<ColumnProfile> {
  const {session, rowCount} = table
  const isExact = rowCount <= MAX_EXACT_ROWS
  const {type} = column
  const name = identifier(column.name)
  const finite = isFloating(type) ? `FILTER (isfinite(${name}))` : ''
  const distinct = isExact ? `count(DISTINCT ${name})` : `approx_count_distinct(${name})`
  const extremes = ORDERED.has(type.kind)
    ? `min(${name}) ${finite}, max(${name}) ${finite}`
    : 'NULL, NULL'
  const mean = MEASURED_NUMBERS.has(type.kind) ? `avg(${name}::DOUBLE) ${finite}` : 'NULL'
  const sql = `SELECT count(${name}), ${distinct}, ${extremes}, ${mean} FROM ${table.sql}`
  const [row] = await session.rows(sql, [], signal)
  const [values, different, min = null, max = null, average] = row!
  const count = Number(values)
  const text = textOf(type)
  return {
    name: column.name,
    type: column.typeText,
    nulls: rowCount - count,
    // An estimate may exceed what there is.
    distinct: Math.min(Number(different), count),
    distinctIsApproximate: !isExact,
    min: text(min),
    max: text(max),
    mean: typeof average === 'number' && Number.isFinite(average) ? average : null,
    quantiles: min === null ? null : await quantiles(column, {...table, isExact, finite}, signal),
    quantilesAreApproximate: !isExact && MEASURABLE.has(type.kind) && min !== null,
    topValues: isRepetitive(Number(different), count) ? await topValues(column, table, signal) : [],
    histogram: min === null ? null : await histogram(column, table, signal),
  }
}

async function quantiles(
  {name, type}: Column,
  table: Measured & {isExact: boolean; finite: string},
  signal: AbortSignal,
): Promise<ColumnProfile['quantiles']> {
  if (!MEASURABLE.has(type.kind)) return null
  const shares = `[${QUANTILES.join(', ')}]`
  const column = identifier(name)
  // The sketch knows no exact types; what it gives is an estimate anyway.
  const estimated = MEASURED_NUMBERS.has(type.kind) ? `${column}::DOUBLE` : column
  const made = table.isExact
    ? `quantile_disc(${column}, ${shares})`
    : `approx_quantile(${estimated}, ${shares})`
  const stream = await table.session.stream(
    `SELECT unnest(${made} ${table.finite}) FROM ${table.sql}`,
    [],
    signal,
  )
  const exact = textOf(stream.columns[0]!.type)
  const text = table.isExact || !MEASURED_NUMBERS.has(type.kind) ? exact : estimateText(type)
  const texts: string[] = []
  for await (const batch of stream.batches)
    texts.push(...batch.columns[0]!.map((cell) => text(cell) ?? ''))
  return quantilesOf(texts)
}

/** No more digits than an estimate has. */
function estimateText({kind}: ColumnType): (cell: Cell) => string {
  const isInteger = INTEGER_KINDS.includes(kind)
  return (cell) =>
    String(isInteger ? Math.round(Number(cell)) : Number(Number(cell).toPrecision(6)))
}

async function topValues(
  {name, type}: Column,
  {session, sql}: Measured,
  signal: AbortSignal,
): Promise<ColumnProfile['topValues']> {
  const column = identifier(name)
  const rows = await session.rows(
    `SELECT ${column}, count(*) AS n FROM ${sql} WHERE ${column} IS NOT NULL
      GROUP BY ALL ORDER BY n DESC, ${column} LIMIT ${TOP_VALUES}`,
    [],
    signal,
  )
  const text = textOf(type)
  return rows.map(([value, count]) => ({value: text(value ?? null) ?? '', count: Number(count)}))
}

async function histogram(
  {name, type}: Column,
  {session, sql}: Measured,
  signal: AbortSignal,
): Promise<ColumnProfile['histogram']> {
  if (!MEASURABLE.has(type.kind)) return null
  const isTime = !MEASURED_NUMBERS.has(type.kind)
  const column = identifier(name)
  const place = isTime ? `epoch(${column})` : `${column}::DOUBLE`
  const values = `(SELECT ${place} AS v FROM ${sql} WHERE ${column} IS NOT NULL AND isfinite(${isTime ? column : place}))`
  const [range] = await session.rows(`SELECT min(v), max(v) FROM ${values}`, [], signal)
  const [low, high] = range as [number | null, number | null]
  if (low === null || high === null || low === high) return null
  if (isTime && Math.max(-low, high) > LAST_SECOND) return null
  const {bins, width} = binsFor(type, {low, high})
  if (!Number.isFinite(width) || width <= 0) return null
  const rows = await session.rows(
    `SELECT least(floor((v - ${literalOf(low)}) / ${literalOf(width)})::BIGINT, ${bins - 1}) AS bin, count(*)
      FROM ${values} GROUP BY bin`,
    [],
    signal,
  )
  const counts = new Map(rows.map(([bin, count]) => [Number(bin), Number(count)]))
  const border = borderText(type)
  return Array.from({length: bins}, (_, bin) => ({
    from: border(low + bin * width),
    to: border(bin === bins - 1 ? high : low + (bin + 1) * width),
    count: counts.get(bin) ?? 0,
  }))
}

/** Whole numbers and days get whole borders, so that no range is empty by construction. */
function binsFor(
  type: ColumnType,
  {low, high}: {low: number; high: number},
): {bins: number; width: number} {
  const step = type.kind === 'date' ? 86_400 : INTEGER_KINDS.includes(type.kind) ? 1 : 0
  if (step === 0 || high > Number.MAX_SAFE_INTEGER) return {bins: BINS, width: (high - low) / BINS}
  const steps = Math.round((high - low) / step) + 1
  const width = Math.ceil(steps / BINS) * step
  return {bins: Math.ceil((steps * step) / width), width}
}

function borderText({kind}: ColumnType): (place: number) => string {
  if (kind === 'date') return (place) => new Date(place * 1000).toISOString().split('T', 1)[0]!
  if (kind !== 'timestamp') return (place) => String(Number(place.toPrecision(12)))
  return (place) => new Date(place * 1000).toISOString().replace(/\.000Z$/, 'Z')
}

function isFloating({kind}: ColumnType): boolean {
  return kind === 'float' || kind === 'double' || kind === 'date' || kind === 'timestamp'
}

function literalOf(value: number): string {
  return `'${value}'::DOUBLE`
}

function textOf(type: ColumnType): (cell: Cell) => string | null {
  const text = cellText(type)
  return (cell) => (cell === null ? null : shortened(text(cell)))
}
