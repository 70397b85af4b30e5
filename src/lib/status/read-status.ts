/**
 * Status: what this computer knows without asking anyone. Every figure is a stored fact or a file's
 * size and time; no network, no database engine, no hashing (that is `verify`).
 */
import {workspacePaths} from '../config/paths.js'
import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {AgnesError} from '../errors.js'
import {inspectHooks, readHookDefinitions} from '../hooks/install-hooks.js'
import type {Clock} from '../ports/clock.js'
import type {FileFacts, Files} from '../ports/files.js'
import type {SecretStore} from '../ports/secret-store.js'
import {
  readSyncState,
  type InstalledFile,
  type InstalledTable,
  type ListedTable,
} from '../sync/sync-state.js'
import type {FoundWorkspace} from '../workspace/find-workspace.js'
import {readMarker} from '../workspace/workspace-marker.js'
import {adviseOn} from './advise-on.js'

/** Size and time of a file whose record the reference client wrote. */
const UNKNOWN = -1

export interface StatusDeps {
  workspace: Files
  packageFiles: Files
  clock: Clock
  secrets(): Promise<SecretStore[]>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
}

export interface StatusReport {
  /** Absolute path. */
  workspace: string
  /** ISO 8601, when this was read. */
  checkedAt: string
  /** How it was chosen. */
  foundBy: FoundWorkspace['source']
  /** `init` has finished here. */
  isInitialized: boolean
  /** Origin; `null` when none is known. */
  server: string | null
  /** `null` when no token is stored for the server. */
  signedIn: SignedIn | null
  /** Why the stored credentials cannot be used; `null` when nothing is wrong with them. */
  credentialProblem: string | null
  /** ISO 8601, the last pull with nothing failed; `null` before the first. */
  lastSuccessAt: string | null
  lastAttempt: {at: string; exitCode: number; message: string | null} | null
  /** Why what was known about the tables could not be read; `null` when it could. */
  stateDamage: string | null
  tables: StatusTable[]
  /** Tables the server lists that are not downloaded, and why. Names are as sent: sanitize them. */
  listed: ListedTable[]
  /** Why the catalog file is older than the tables; `null` when it is not. */
  catalogBehind: string | null
  snapshots: number
  hooks: 'installed' | 'missing' | 'outdated' | 'unreadable'
  /** What to do next, one sentence each, most urgent first. */
  advice: string[]
}

export interface SignedIn {
  /** `environment`, `file`, `legacy`, `keychain`. */
  store: string
  /** As the token says, unverified. */
  email: string | null
  expiresAt: string | null
  isExpired: boolean
}

export interface StatusTable {
  name: string
  /**
   * `changed`: size or time differ from what was installed. `unverified`: the reference client put it
   * there, and no pull of ours has looked at it. Only `agnes verify` reads the bytes.
   */
  state: 'ok' | 'changed' | 'missing' | 'unverified'
  rows: number | null
  sizeBytes: number
  /** ISO 8601. */
  installedAt: string
  /** When the server last refreshed the data, as it says. */
  dataUpdatedAt: string | null
}

export async function readStatus(deps: StatusDeps, found: FoundWorkspace): Promise<StatusReport> {
  const {workspace, clock} = deps
  const [marker, {state, damage}] = await Promise.all([
    readMarker(workspace),
    readSyncState(workspace),
  ])
  const tables = [...state.tables.values()]
  const server = await serverOf(deps, marker?.server ?? state.server ?? undefined)
  const definitions = await readHookDefinitions(deps.packageFiles)
  const [facts, credentials, hooks, snapshots] = await Promise.all([
    workspace.statMany(tables.flatMap(({files}) => files.map(({path}) => path))),
    credentialsFor(deps, server),
    inspectHooks(workspace, definitions),
    workspace.list(workspacePaths.snapshots),
  ])
  const report = {
    workspace: found.root,
    checkedAt: new Date(clock.now()).toISOString(),
    foundBy: found.source,
    isInitialized: (marker?.completedAt ?? null) !== null,
    server,
    ...credentials,
    lastSuccessAt: state.lastSuccessAt,
    lastAttempt: state.lastAttempt,
    stateDamage: damage,
    tables: tables.map((table) => statusOf(table, facts)).sort(byName),
    listed: [...state.listed].sort(byName),
    catalogBehind: state.catalog.behind,
    snapshots: snapshots.filter((name) => name.endsWith('.parquet')).length,
    hooks,
  }
  return {...report, advice: adviseOn(report)}
}

function statusOf(table: InstalledTable, facts: ReadonlyMap<string, FileFacts>): StatusTable {
  const {name, rows, sizeBytes, installedAt, updated} = table
  const states = table.files.map((file) => fileState(file, facts.get(file.path)))
  const worst = (['missing', 'changed', 'unverified'] as const).find((state) =>
    states.includes(state),
  )
  const state = worst ?? 'ok'
  return {name, state, rows, sizeBytes, installedAt, dataUpdatedAt: updated}
}

function fileState(known: InstalledFile, now: FileFacts | undefined): StatusTable['state'] {
  if (!now) return 'missing'
  if (known.sizeBytes !== UNKNOWN && now.sizeBytes !== known.sizeBytes) return 'changed'
  if (known.mtimeMs === UNKNOWN) return 'unverified'
  return now.mtimeMs === known.mtimeMs ? 'ok' : 'changed'
}

async function serverOf(deps: StatusDeps, named: string | undefined): Promise<string | null> {
  try {
    return await deps.serverOrigin(named)
  } catch (error) {
    // Not knowing a server is a fact to show, not a failure of `status`.
    if (error instanceof AgnesError) return null
    throw error
  }
}

async function credentialsFor(
  {secrets, clock}: StatusDeps,
  server: string | null,
): Promise<Pick<StatusReport, 'signedIn' | 'credentialProblem'>> {
  if (server === null) return {signedIn: null, credentialProblem: null}
  try {
    const found = await findSecret(await secrets(), server)
    if (!found) return {signedIn: null, credentialProblem: null}
    const {kind: store, secret} = found
    const {email, expiresAt} = decodeToken(secret.token)
    const isExpired = expiresAt !== null && Date.parse(expiresAt) <= clock.now()
    const signedIn = {store, email: email ?? (secret.email || null), expiresAt, isExpired}
    return {signedIn, credentialProblem: null}
  } catch (error) {
    if (!(error instanceof AgnesError)) throw error
    return {signedIn: null, credentialProblem: error.message}
  }
}

function byName(a: {name: string}, b: {name: string}): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
