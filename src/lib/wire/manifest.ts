import {UnreachableError} from '../errors.js'

/**
 * `GET /api/sync/manifest` of both server generations, in one shape. An absent key means "unknown",
 * present but empty means "none". Names that cannot be a file name everywhere are set apart and never
 * become a path. Hand-written checks: the answer may hold 10,000 tables and is read on each pull.
 */
export interface Manifest {
  /** By registry name, safe names only. */
  tables: Map<string, ManifestTable>
  /** Names listed but unusable, as sent (cut at 128 characters). Sanitize before printing. */
  unsafeNames: string[]
  /** Names in the packages of this person; `null` when the server has no such sections. */
  authorised: ReadonlySet<string> | null
}

export interface ManifestTable {
  name: string
  /** 32 lower-case hex digits, or `null` for unknown. Of the file, or the rollup over `parts`. */
  hash: string | null
  rows: number | null
  /** `null` for unknown; 0 for remote tables. */
  sizeBytes: number | null
  /** As sent; informational. */
  updated: string | null
  /** `local`, `materialized`, `remote`, or something newer. */
  queryMode: string
  isServerOnly: boolean
  /** Sorted by path; `null` for a table of one file. */
  parts: ManifestPart[] | null
}

export interface ManifestPart {
  /** Relative to the table's folder, with `/`; every segment is safe. */
  path: string
  hash: string | null
  sizeBytes: number | null
}

const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const SAFE_SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.=-]*$/
/** `x.parquet` as a folder would be the file of table `x`. */
const AMBIGUOUS = /(?:\.|\.parquet)$/i
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(?:\.|$)/i
const MD5 = /^[0-9a-fA-F]{32}$/
const MAX_PART_PATH = 512

/** True for a name that is a legal, unsurprising file name on every system and safe inside quotes. */
export function isSafeName(name: string): boolean {
  return SAFE_NAME.test(name) && !AMBIGUOUS.test(name) && !RESERVED.test(name)
}

type Json = Record<string, unknown>

/** `UnreachableError` (code `unreadable_manifest`) when the body is not a manifest at all. */
export function readManifest(body: unknown): Manifest {
  if (!isRecord(body)) throw notAManifest('it is not an object')
  const sections = packageRows(body)
  if (body.tables !== undefined && !isRecord(body.tables))
    throw notAManifest('"tables" is not an object')
  const rows = isRecord(body.tables) ? Object.entries(body.tables) : sections && [...sections]
  if (!rows) throw notAManifest('it lists no tables')
  const manifest: Manifest = {
    tables: new Map(),
    unsafeNames: [],
    authorised: sections ? new Set([...sections.keys()].filter(isSafeName)) : null,
  }
  const taken = new Map<string, string>()
  for (const [name, row] of rows) addRow(manifest, taken, [name, row])
  // Registered but never synced: listed in a package only.
  for (const [name, row] of sections ?? [])
    if (!manifest.tables.has(name)) addRow(manifest, taken, [name, row])
  return manifest
}

function addRow(
  manifest: Manifest,
  taken: Map<string, string>,
  [name, row]: [string, unknown],
): void {
  const table = isSafeName(name) ? readTable(name, row) : undefined
  const folded = name.toLowerCase()
  const rival = taken.get(folded)
  if (!table || (rival !== undefined && rival < name))
    return void manifest.unsafeNames.push(name.slice(0, 128))
  // Two names that are one file where case does not count: the one that sorts first wins, always.
  if (rival !== undefined) {
    manifest.tables.delete(rival)
    manifest.unsafeNames.push(rival)
  }
  taken.set(folded, name)
  manifest.tables.set(name, table)
}

/** `undefined` when the row, or one of its parts, cannot be used. */
function readTable(name: string, row: unknown): ManifestTable | undefined {
  if (!isRecord(row)) return undefined
  const parts = row.parts === undefined || row.parts === null ? null : readParts(row.parts)
  if (parts === undefined) return undefined
  return {
    name,
    hash: md5(row.hash),
    rows: count(row.rows),
    sizeBytes: count(row.size_bytes),
    updated: typeof row.updated === 'string' ? row.updated : null,
    queryMode:
      typeof row.query_mode === 'string' && row.query_mode !== '' ? row.query_mode : 'local',
    isServerOnly: row.server_only === true,
    parts,
  }
}

function readParts(value: unknown): ManifestPart[] | undefined {
  if (!Array.isArray(value)) return undefined
  const parts: ManifestPart[] = []
  const seen = new Set<string>()
  for (const item of value as unknown[]) {
    if (!isRecord(item) || typeof item.path !== 'string' || !isSafePartPath(item.path))
      return undefined
    const folded = item.path.toLowerCase()
    if (seen.has(folded)) return undefined
    seen.add(folded)
    parts.push({path: item.path, hash: md5(item.hash), sizeBytes: count(item.size_bytes)})
  }
  const isNested = parts.some(({path}) => parts.some((other) => other.path.startsWith(`${path}/`)))
  return isNested ? undefined : parts.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function isSafePartPath(path: string): boolean {
  return (
    path.length <= MAX_PART_PATH &&
    path.endsWith('.parquet') &&
    path.split('/').every((segment) => SAFE_SEGMENT.test(segment) && !RESERVED.test(segment))
  )
}

/** Rows of `data_packages` and `direct_tables` by name; `null` when the server sends neither key. */
function packageRows(body: Json): Map<string, unknown> | null {
  const packages = body.data_packages ?? undefined
  const direct = body.direct_tables ?? undefined
  if (packages === undefined && direct === undefined) return null
  const rows = new Map<string, unknown>()
  const add = (row: unknown) => {
    if (isRecord(row) && typeof row.name === 'string')
      rows.set(row.name, {...row, hash: row.hash ?? row.md5})
  }
  for (const item of list(packages, 'data_packages'))
    if (isRecord(item)) for (const row of list(item.tables, 'data_packages[].tables')) add(row)
  for (const row of list(direct, 'direct_tables')) add(row)
  return rows
}

/** A section of the wrong shape must not read as "none": that would prune everything. */
function list(value: unknown, key: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw notAManifest(`"${key}" is not a list`)
  return value
}

function notAManifest(why: string): UnreachableError {
  return new UnreachableError(`The server's list of tables is not readable: ${why}.`, {
    code: 'unreadable_manifest',
    hint: 'Check the server address; a proxy may stand in front of it. Nothing was changed here.',
    details: {why},
  })
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function md5(value: unknown): string | null {
  return typeof value === 'string' && MD5.test(value) ? value.toLowerCase() : null
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
