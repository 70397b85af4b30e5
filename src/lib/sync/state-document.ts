import {
  emptySyncState,
  type InstalledFile,
  type InstalledTable,
  type ListedTable,
  type SyncState,
} from './state-model.js'
import {flatPath, partPath} from './table-paths.js'

/**
 * `sync_state.json` as text. The upper keys are those of the reference client, so that both can work in
 * one workspace; what only we know is under `agnes` in a table and under `agnes_cli` at the top. See
 * docs/on-disk-formats.md.
 */

/** One table as it is stored. */
export interface TableEntry {
  hash: string
  rows: number | null
  size_bytes: number
  /** Part path to the hash the manifest gave it. */
  parts?: Record<string, string>
  agnes?: {
    query_mode: string | null
    updated: string | null
    installed_at: string
    files: {path: string; size_bytes: number; mtime_ms: number; md5: string}[]
  }
}

type Json = Record<string, unknown>

export function encodeTable(table: InstalledTable): TableEntry {
  const folder = partPath(table.name, '').length
  return {
    hash: table.hash,
    rows: table.rows,
    size_bytes: table.sizeBytes,
    ...(table.isPartitioned
      ? {
          parts: Object.fromEntries(
            table.files.map((file) => [file.path.slice(folder), file.listedHash ?? file.md5]),
          ),
        }
      : {}),
    agnes: {
      query_mode: table.queryMode ?? null,
      updated: table.updated,
      installed_at: table.installedAt,
      files: table.files.map((file) => ({
        path: file.path,
        size_bytes: file.sizeBytes,
        mtime_ms: file.mtimeMs,
        md5: file.md5,
      })),
    },
  }
}

/** `undefined` for an entry that means nothing to us. */
export function decodeTable(name: string, value: unknown): InstalledTable | undefined {
  if (!isRecord(value)) return undefined
  const parts = isRecord(value.parts) ? value.parts : undefined
  const agnes = isRecord(value.agnes) ? value.agnes : undefined
  const hash = text(value.hash) ?? ''
  const files = agnes ? ownFiles(agnes.files, name, parts) : foreignFiles(name, value, parts)
  if (files.length === 0) return undefined
  const queryMode = agnes ? text(agnes.query_mode) : null
  return {
    name,
    hash,
    rows: number(value.rows),
    sizeBytes: number(value.size_bytes) ?? 0,
    isPartitioned: parts !== undefined,
    files,
    installedAt: (agnes && text(agnes.installed_at)) ?? '',
    updated: (agnes && text(agnes.updated)) ?? null,
    ...(queryMode === null ? {} : {queryMode}),
  }
}

function ownFiles(value: unknown, name: string, parts: Json | undefined): InstalledFile[] {
  if (!Array.isArray(value)) return []
  const folder = partPath(name, '').length
  return value.filter(isRecord).map((file) => {
    const path = text(file.path) ?? ''
    const md5 = text(file.md5) ?? ''
    const listed = parts ? text(parts[path.slice(folder)]) : null
    return {
      path,
      sizeBytes: number(file.size_bytes) ?? -1,
      mtimeMs: number(file.mtime_ms) ?? -1,
      md5,
      ...(listed !== null && listed !== md5 ? {listedHash: listed} : {}),
    }
  })
}

/** An entry of the reference client says nothing about times: -1 fits no file, so each is hashed once. */
function foreignFiles(name: string, value: Json, parts: Json | undefined): InstalledFile[] {
  if (parts)
    return Object.entries(parts).map(([path, hash]) => ({
      path: partPath(name, path),
      sizeBytes: -1,
      mtimeMs: -1,
      md5: text(hash) ?? '',
    }))
  const sizeBytes = number(value.size_bytes) ?? -1
  return [{path: flatPath(name), sizeBytes, mtimeMs: -1, md5: text(value.hash) ?? ''}]
}

/** `keep` is the document as it was read, for the keys that are not ours. */
export function encodeDocument(state: SyncState, keep: Json): string {
  const tables: Record<string, TableEntry> = {}
  for (const table of state.tables.values()) tables[table.name] = encodeTable(table)
  return (
    JSON.stringify({
      ...keep,
      tables,
      snapshot_blocked: state.blockedNames,
      last_sync: state.lastSuccessAt,
      agnes_cli: {
        format: 1,
        server: state.server,
        manifest_etag: state.manifestEtag,
        notes: state.notes ?? {etag: null, files: 0},
        last_attempt: state.lastAttempt,
        catalog: state.catalog,
        listed: state.listed,
      },
    }) + '\n'
  )
}

/** The state a document describes, its other keys, and what is wrong with it. */
export function decodeDocument(source: string | undefined): {
  state: SyncState
  keep: Json
  damage: string | null
} {
  const state = emptySyncState()
  if (source === undefined) return {state, keep: {}, damage: null}
  const document = parseObject(source)
  if (!document) return {state, keep: {}, damage: 'sync_state.json is not readable as JSON'}
  if (isRecord(document.tables))
    for (const [name, entry] of Object.entries(document.tables)) {
      const table = decodeTable(name, entry)
      if (table) state.tables.set(name, table)
    }
  state.blockedNames = strings(document.snapshot_blocked)
  state.lastSuccessAt = text(document.last_sync)
  if (isRecord(document.agnes_cli)) decodeOwn(state, document.agnes_cli)
  return {state, keep: document, damage: null}
}

function decodeOwn(state: SyncState, own: Json): void {
  state.server = text(own.server)
  state.manifestEtag = text(own.manifest_etag)
  if (isRecord(own.notes))
    state.notes = {etag: text(own.notes.etag), files: number(own.notes.files) ?? 0}
  if (Array.isArray(own.listed)) state.listed = own.listed.filter(isListed)
  if (isRecord(own.last_attempt)) {
    const {at, exitCode, message} = own.last_attempt
    state.lastAttempt = {
      at: text(at) ?? '',
      exitCode: number(exitCode) ?? 1,
      message: text(message),
    }
  }
  if (isRecord(own.catalog) && isRecord(own.catalog.views))
    state.catalog = {
      views: own.catalog.views as Record<string, string>,
      behind: text(own.catalog.behind),
      ...(typeof own.catalog.root === 'string' ? {root: own.catalog.root} : {}),
    }
}

function isListed(value: unknown): value is ListedTable {
  return isRecord(value) && typeof value.name === 'string' && typeof value.reason === 'string'
}

function parseObject(source: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(source)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
