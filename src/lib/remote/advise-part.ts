import {findRow} from '../discovery/find-table.js'
import {AgnesError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {readCatalog} from '../wire/catalog.js'
import {readSchema} from '../wire/schema.js'

/** A table that costs too much to be read as a whole, and what of it was asked for. */
export interface CostlyRead {
  /** Id or name. */
  table: string
  /** Every name that was used, lower case; `null` for all columns. */
  names: ReadonlySet<string> | null
  /** A condition that is there already. */
  where?: string | null
}

const TIMEOUT_MS = 30_000

/**
 * The command that estimates a part of the table, to be typed as it is: the columns that were asked for,
 * in the partitions that the server's own example leaves. What cannot be learned is left out.
 */
export async function adviseOnPart(
  {table, names, where}: CostlyRead,
  http: HttpClient,
  signal: AbortSignal,
): Promise<string> {
  const catalog = await askIfAny(http, '/api/v2/catalog', signal)
  const row = catalog === undefined ? undefined : findRow(readCatalog(catalog), table)
  const id = row?.id ?? table
  if (!isPlain(id)) return 'agnes catalog --mode remote'
  const schema = await askIfAny(http, `/api/v2/schema/${encodeURIComponent(id)}`, signal)
  const columns = schema === undefined ? [] : readSchema(schema).columns.map(({name}) => name)
  const read = names === null ? [] : columns.filter((name) => names.has(name.toLowerCase()))
  const selected = read.every(isColumn) && read.length < columns.length ? read : []
  const condition = [where ?? null, ...(row?.whereExamples ?? [])].find(isPasteable)
  return [
    `agnes snapshot create ${id}`,
    ...(selected.length === 0 ? [] : [`--select ${selected.join(',')}`]),
    ...(condition === undefined ? [] : [`--where "${condition}"`]),
    '--estimate',
  ].join(' ')
}

/** Only for advice: the refusal stands without it. */
async function askIfAny(http: HttpClient, path: string, signal: AbortSignal): Promise<unknown> {
  try {
    return (await http.requestJson('GET', path, {timeoutMs: TIMEOUT_MS}, signal)).body
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AgnesError) return undefined
    throw error
  }
}

/** @param part the command that estimates a part */
export function partAdvice(part: string, scanBytes: number | null): string {
  const allow =
    scanBytes === null ? '' : `. Or read it all the same with --max-bytes ${Math.ceil(scanBytes)}`
  return `Keep a part of it here and ask that; what a part costs: ${part}${allow}`
}

/** What to do about a table that costs too much to ask as a whole. */
export function snapshotAdvice(table: string | null): string {
  return `Name fewer columns and filter by the partition column, or keep the part you need here: agnes snapshot create ${table ?? 'TABLE'} --estimate`
}

function isPlain(word: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(word)
}

function isColumn(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name)
}

/** The server chose the words, and people paste commands: nothing a shell would read between double quotes. */
function isPasteable(condition: string | null): condition is string {
  return condition !== null && /^[\w\s<>='(),.:+*/%-]{1,500}$/.test(condition)
}
