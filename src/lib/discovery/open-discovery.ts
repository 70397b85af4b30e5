/**
 * Discovery: what tables and metrics there are, told before anything is fetched. Vocabulary: *server
 * facts* come from the server (or from memory of it, with their age), *local facts* from the sync state;
 * both are joined by table name. This room never changes data and never downloads a table.
 */
import {AgnesError, MissingError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {Random} from '../ports/random.js'
import type {Warehouse} from '../ports/warehouse.js'
import {emptySyncState, readSyncState, type SyncState} from '../sync/sync-state.js'
import type {FoundWorkspace} from '../workspace/find-workspace.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {AskServer, type AskServerDeps} from './ask-server.js'

/** What a command's context offers. */
export interface DiscoverySurroundings extends AskServerDeps {
  clock: Clock
  folders: Folders
  random: Random
  env: {
    queryMemoryMb: number
    queryThreads: number | undefined
    server: string | undefined
    localDir: string | undefined
  }
  filesAt(root: string): Files
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  warehouse(): Promise<Warehouse>
}

export interface Discovery {
  surroundings: DiscoverySurroundings
  /** `null` outside a workspace: then there are no local facts, and nothing is remembered. */
  workspace: Files | null
  /** The workspace again; `null` where its tables came from another server than the one asked. */
  tablesAt: Files | null
  /** Empty where `tablesAt` is `null`. */
  state: SyncState
  /** The server; throws why there is none to ask. */
  server(): AskServer
  /** Origin; `null` when none is known. */
  origin: string | null
  /** For the reader, one sentence each; grows. */
  notices: string[]
}

export interface DiscoveryOptions {
  /** `--workspace`. */
  workspace: string | undefined
  /** Ask nobody. */
  isOffline?: boolean
}

/** Finds the workspace (there may be none) and the server to ask (there may be none either, until asked). */
export async function openDiscovery(
  options: DiscoveryOptions,
  surroundings: DiscoverySurroundings,
): Promise<Discovery> {
  const root = await workspaceRoot(options.workspace, surroundings)
  const workspace = root === null ? null : surroundings.filesAt(root)
  const {state, damage} = workspace
    ? await readSyncState(workspace)
    : {state: emptySyncState(), damage: null}
  const notices = damage === null ? [] : [damage]
  const named = workspace ? await readWorkspaceServer(workspace) : undefined
  const server = await openServer(named ?? state.server ?? undefined, surroundings, {
    workspace,
    isOffline: options.isOffline ?? false,
  })
  const origin = server instanceof AskServer ? server.origin : null
  const isForeign = origin !== null && state.server !== null && state.server !== origin
  if (isForeign)
    notices.push(
      `The tables here came from ${state.server}; what follows is about ${origin}, so they are left out.`,
    )
  return {
    surroundings,
    workspace,
    tablesAt: isForeign ? null : workspace,
    state: isForeign ? emptySyncState() : state,
    origin,
    notices,
    server() {
      if (server instanceof AskServer) return server
      throw server
    },
  }
}

async function openServer(
  named: string | undefined,
  surroundings: DiscoverySurroundings,
  options: {workspace: Files | null; isOffline: boolean},
): Promise<AskServer | AgnesError> {
  try {
    const origin = await surroundings.serverOrigin(named)
    return await AskServer.open(origin, options, surroundings)
  } catch (error) {
    // Tables of this computer can be described without a server.
    if (error instanceof AgnesError) return error
    throw error
  }
}

/** A workspace that was named must be one; otherwise having none is bearable. */
async function workspaceRoot(
  flag: string | undefined,
  {findWorkspace, env}: DiscoverySurroundings,
): Promise<string | null> {
  try {
    return (await findWorkspace(flag)).root
  } catch (error) {
    const isNamed = flag !== undefined || env.localDir !== undefined
    if (isNamed || !(error instanceof MissingError)) throw error
    return null
  }
}
