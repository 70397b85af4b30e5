import {confirm} from '../confirm.js'
import {MissingError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Streams} from '../ports/streams.js'
import type {FoundWorkspace} from '../workspace/find-workspace.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {AdminApi} from './admin-api.js'

/** What of the surroundings administration takes. */
export interface AdminSurroundings {
  streams: Streams
  filesAt(root: string): Files
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
}

/** What the verbs that change something are handed. */
export interface Admin {
  api: AdminApi
  /** Resolves when `text` may happen: with `--yes`, or when the person at the terminal agrees. */
  confirm(text: string, signal: AbortSignal): Promise<void>
}

/** The server of the workspace here, where there is one, else the default one, signed in. */
export async function openAdmin(
  around: AdminSurroundings,
  flags: {yes?: boolean} = {},
): Promise<Admin> {
  const origin = await around.serverOrigin(await serverHere(around))
  const api = new AdminApi(await around.http(origin))
  const hint = 'Add --yes to do it without being asked.'
  return {
    api,
    async confirm(text, signal) {
      if (!flags.yes) await confirm(around.streams, {text, hint}, signal)
    },
  }
}

async function serverHere(around: AdminSurroundings): Promise<string | undefined> {
  try {
    const {root} = await around.findWorkspace(undefined)
    return await readWorkspaceServer(around.filesAt(root))
  } catch (error) {
    // Servers are administered from anywhere.
    if (error instanceof MissingError) return undefined
    throw error
  }
}
