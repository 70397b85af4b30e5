import {createHash} from 'node:crypto'
import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {isFields} from '../wire/read-fields.js'

/**
 * Snapshots: a filtered part of a table, kept as one Parquet file of the workspace. Vocabulary: the
 * *sidecar* is the file beside it that the reference client reads, with exactly the keys it knows; the
 * *record* is ours, with the whole recipe. This room never prints, and touches no published table.
 */

/** What to fetch; enough to fetch it again. */
export interface SnapshotRecipe {
  /** Id of the table on the server; the snapshot's own name when `fromQuery` is set. */
  table: string
  select: string[] | null
  where: string | null
  limit: number | null
  orderBy: string[] | null
  /** A whole query instead of a part of one table. */
  fromQuery: string | null
}

/** `.claude/agnes/snapshots/<name>.json`. */
export interface SnapshotRecord {
  format: 1
  name: string
  recipe: SnapshotRecipe
  /** Tables it was made from, by the names the pull knows them; `wasListed` when the pull knew them then. */
  sources: {name: string; wasListed: boolean}[]
  /** Origin. */
  server: string
  /** ISO 8601. */
  fetchedAt: string
  expiresAt: string | null
  rows: number
  sizeBytes: number
  /** Of the whole file. */
  md5: string
  estimatedScanBytes: number | null
  policyFingerprint: string | null
  policyTableId: string | null
}

/** What a sidecar says, as far as it can be read. */
export type Sidecar = Readonly<Record<string, unknown>>

const HASHED_BYTES = 1_000_000
const HEAD_KEYS = ['expires_at', 'policy_fingerprint', 'policy_table_id']

export function parquetPath(name: string): string {
  return `${workspacePaths.snapshots}/${name}.parquet`
}

export function sidecarPath(name: string): string {
  return `${workspacePaths.snapshots}/${name}.meta.json`
}

export function recordPath(name: string): string {
  return `${workspacePaths.snapshotRecords}/${name}.json`
}

/** By name, of every file or sidecar there is. */
export async function snapshotNames(files: Files): Promise<string[]> {
  const names = new Set<string>()
  for (const entry of await files.list(workspacePaths.snapshots)) {
    const name = /^([^.].*?)(?:\.parquet|\.meta\.json)$/.exec(entry)?.[1]
    if (name !== undefined) names.add(name)
  }
  return [...names].sort()
}

/** `null` when there is none, or none that can be read. */
export async function readRecord(files: Files, name: string): Promise<SnapshotRecord | null> {
  const record = await readObject(files, recordPath(name))
  if (!record || record.format !== 1 || !isFields(record.recipe)) return null
  return Array.isArray(record.sources) ? (record as unknown as SnapshotRecord) : null
}

export function readSidecar(files: Files, name: string): Promise<Sidecar | null> {
  return readObject(files, sidecarPath(name))
}

async function readObject(files: Files, path: string): Promise<Sidecar | null> {
  const text = await files.readText(path)
  if (text === undefined) return null
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    // A file of another program, or half a file: the snapshot is shown without it.
    return null
  }
}

/** Writes both. A sidecar with the newer client's keys keeps them: each version reads only its own. */
export async function writeRecord(files: Files, record: SnapshotRecord): Promise<void> {
  const {name, recipe, fetchedAt, rows, sizeBytes} = record
  const before = await readSidecar(files, name)
  const at = fetchedAt.replace('Z', '000+00:00')
  const sidecar: Record<string, unknown> = {
    name,
    table_id: recipe.table,
    select: recipe.select,
    where: recipe.where,
    limit: recipe.limit,
    order_by: recipe.orderBy,
    fetched_at: at,
    effective_as_of: at,
    rows,
    bytes_local: sizeBytes,
    estimated_scan_bytes_at_fetch: record.estimatedScanBytes ?? 0,
    result_hash_md5: await hashOfBeginning(files, parquetPath(name)),
  }
  if (before && HEAD_KEYS.every((key) => key in before)) {
    sidecar.expires_at = record.expiresAt?.replace('Z', '000+00:00') ?? null
    sidecar.policy_fingerprint = record.policyFingerprint
    sidecar.policy_table_id = record.policyTableId
  }
  await files.writeAtomic(recordPath(name), JSON.stringify(record, null, 2) + '\n')
  await files.writeAtomic(sidecarPath(name), asciiJson(sidecar))
}

/**
 * Before other rows are put under a name: its record names their tables as well, so that a process that
 * dies in between leaves none that could be read without the grant for its table.
 */
export async function announceSources(
  files: Files,
  {name, sources}: SnapshotRecord,
): Promise<void> {
  const before = await readRecord(files, name)
  if (!before) return
  const known = new Set(before.sources.map((source) => source.name))
  const more = sources.filter((source) => !known.has(source.name))
  const both = {...before, sources: [...before.sources, ...more]}
  if (more.length > 0)
    await files.writeAtomic(recordPath(name), JSON.stringify(both, null, 2) + '\n')
}

async function hashOfBeginning(files: Files, path: string): Promise<string> {
  const hash = createHash('md5')
  for await (const bytes of files.readBytes(path, {from: 0, to: HASHED_BYTES})) hash.update(bytes)
  return hash.digest('hex')
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u0080-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
