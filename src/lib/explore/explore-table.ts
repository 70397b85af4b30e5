/**
 * Explore: what the values of a table look like. Every answer says which rows it is about (its *basis*):
 * all of them, read here; those the server looked at; or a handful it sent. A few rows are never passed
 * off as the table. This room reads, in the locked session of queries, and keeps nothing.
 */
import {AgnesError, ForbiddenError} from '../errors.js'
import {isBearable} from '../discovery/ask-server.js'
import {readServerSample} from '../discovery/describe-table.js'
import {
  askAboutTable,
  findRow,
  rowsIfAny,
  segment,
  unansweredTable,
} from '../discovery/find-table.js'
import {withLocalTable, type LocalSource, type OpenTable} from '../discovery/local-session.js'
import type {Discovery} from '../discovery/open-discovery.js'
import {serverRows} from '../discovery/sample-rows.js'
import type {CatalogRow} from '../wire/catalog.js'
import {readSchema, type SchemaColumn} from '../wire/schema.js'
import {readProfile} from '../wire/table-profile.js'
import type {ColumnProfile} from './column-profile.js'
import {profileRows} from './profile-rows.js'
import {profileTable} from './profile-table.js'

export interface TableProfile {
  id: string
  name: string
  server: string | null
  workspace: string | null
  /** ISO 8601, our clock. */
  checkedAt: string
  basis: {
    /**
     * `whole`: all rows, read on this computer. `server_profile`: what the server worked out earlier.
     * `sample`: a few rows the server sent, which say little about the rest.
     */
    kind: 'whole' | 'server_profile' | 'sample'
    /** What the rows are of: a snapshot holds a part of a table only. */
    source: LocalSource | 'server'
    /** Rows that were looked at; `null` when the server does not say. */
    rows: number | null
    /** When the server worked it out, as it says; `null` for what was looked at just now. */
    profiledAt: string | null
  }
  /** Rows of all of what the basis is of; `null` when not known. */
  rowCount: number | null
  columns: ColumnProfile[]
  /** The server's own document, as sent; `null` unless `basis.kind` is `server_profile`. */
  serverProfile: unknown
}

type Profile = Pick<TableProfile, 'basis' | 'rowCount' | 'columns' | 'serverProfile'>

interface Known {
  typed: string
  row: CatalogRow | undefined
  rows: readonly CatalogRow[]
}

const SAMPLE_ROWS = 100

/** @param request `isRemote`: ask the server even where the table is here */
export async function exploreTable(
  request: {typed: string; isRemote: boolean},
  discovery: Discovery,
  signal: AbortSignal,
): Promise<TableProfile> {
  const {typed, isRemote} = request
  const frame = {
    server: discovery.origin,
    workspace: discovery.workspace?.root ?? null,
    checkedAt: new Date(discovery.surroundings.clock.now()).toISOString(),
  }
  const here = isRemote ? undefined : await profileHere(typed, discovery, signal)
  if (here) return {id: typed, name: typed, ...frame, ...here}
  const {rows, rowsAt} = await rowsIfAny(discovery, signal)
  const row = findRow(rows, typed)
  const names = {id: row?.id ?? typed, name: row?.name ?? typed}
  const isOtherName = !isRemote && names.name !== typed
  const byName = isOtherName ? await profileHere(names.name, discovery, signal) : undefined
  const table = {typed, row, rows}
  const profile =
    byName ??
    (await profileThere(table, discovery, signal).catch((error: unknown) => {
      throw unansweredTable(table, {error, rowsAt}, discovery)
    }))
  return {...names, ...frame, ...profile}
}

async function profileHere(
  name: string,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<Profile | undefined> {
  const profile = async (table: OpenTable) => ({
    ...(await profileTable(table, signal)),
    source: table.source,
  })
  const made = await withLocalTable(name, discovery, profile, signal)
  return (
    made && {
      basis: {kind: 'whole', source: made.source, rows: made.rowCount, profiledAt: null},
      rowCount: made.rowCount,
      columns: made.columns,
      serverProfile: null,
    }
  )
}

async function profileThere(
  table: Known,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<Profile> {
  return (
    (await serverProfile(table, discovery, signal)) ??
    (await sampleProfile(table, discovery, signal))
  )
}

/** `undefined` where the server has none for this person: many servers make no profiles. */
async function serverProfile(
  {typed, row}: Known,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<Profile | undefined> {
  const path = `/api/catalog/profile/${segment(row?.id ?? typed)}`
  try {
    const {body} = await discovery.server().ask({path, cacheKey: null}, signal)
    const read = readProfile(body)
    if (!read) return undefined
    const {rowCount, sampled, profiledAt, columns} = read
    return {
      basis: {
        kind: 'server_profile',
        source: 'server',
        rows: sampled ? null : rowCount,
        profiledAt,
      },
      rowCount,
      columns: columns.map((column) => ({...UNKNOWN_FIGURES, ...column})),
      serverProfile: body,
    }
  } catch (error) {
    // Whether the table may be read at all is told by the sample.
    if (error instanceof ForbiddenError || isUnprofiled(error)) return undefined
    throw error
  }
}

function isUnprofiled(error: unknown): boolean {
  return error instanceof AgnesError && [4, 5].includes(error.exitCode)
}

async function sampleProfile(
  table: Known,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<Profile> {
  const sample = await readServerSample(table, SAMPLE_ROWS, discovery, signal)
  const rows = serverRows(sample, await columnsIfAny(table, discovery, signal))
  return {
    basis: {kind: 'sample', source: 'server', rows: rows.rows.length, profiledAt: null},
    rowCount: table.row?.rows ?? null,
    columns: profileRows(rows),
    serverProfile: null,
  }
}

/** The types only; a sample reads well without them. */
async function columnsIfAny(
  table: Known,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<SchemaColumn[]> {
  const question = (id: string) => ({
    path: `/api/v2/schema/${segment(id)}`,
    cacheKey: `schema ${id}`,
  })
  try {
    return readSchema((await askAboutTable(table, question, discovery, signal)).body).columns
  } catch (error) {
    if (isBearable(error)) return []
    throw error
  }
}

const UNKNOWN_FIGURES = {
  distinctIsApproximate: false,
  quantiles: null,
  quantilesAreApproximate: false,
  topValues: [],
  histogram: null,
}
