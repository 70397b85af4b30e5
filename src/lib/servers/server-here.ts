import {originOf} from '../config/origin.js'
import {resolveServer} from '../config/servers.js'
import {MissingError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {FoundWorkspace} from '../workspace/find-workspace.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'

export interface ServerContext {
  config: Files
  filesAt(root: string): Files
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
}

/**
 * The server a command outside of any table work is about: the one named, else `--server`, AGNES_SERVER,
 * that of the workspace around the current folder, the default.
 */
export async function serverHere(context: ServerContext, named?: string): Promise<string> {
  if (named !== undefined) return originOf((await resolveServer(context.config, named)) ?? named)
  return context.serverOrigin(await workspaceServer(context))
}

async function workspaceServer(context: ServerContext): Promise<string | undefined> {
  try {
    const {root, source} = await context.findWorkspace(undefined)
    // The newest workspace of the account says nothing about where one stands.
    if (source === 'registered') return undefined
    return await readWorkspaceServer(context.filesAt(root))
  } catch (error) {
    if (error instanceof MissingError) return undefined
    throw error
  }
}
