import {MissingError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import type {FoundWorkspace} from '../workspace/find-workspace.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {AdminApi} from './admin-api.js'

/** What of the surroundings administration takes. */
export interface AdminSurroundings {
  filesAt(root: string): Files
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
}

/** The server of the workspace here, where there is one, else the default one, signed in. */
export async function openAdmin(around: AdminSurroundings): Promise<AdminApi> {
  const origin = await around.serverOrigin(await serverHere(around))
  return new AdminApi(await around.http(origin))
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
