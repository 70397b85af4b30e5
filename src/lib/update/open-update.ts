import {packageRoot} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {openPush, type PushContext} from '../push/open-push.js'
import {pushSessions} from '../push/push-sessions.js'
import {pull} from '../sync/pull.js'
import type {PullDeps} from '../sync/pull-run.js'
import {refuseOtherServer} from '../workspace/check-server.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {UpdateDeps} from './update-workspace.js'

/** The part of the composition root that an update needs. */
export interface UpdateContext extends PushContext {
  version: string
  filesAt(root: string): Files
  pullDeps(root: string, origin?: string): Promise<PullDeps>
}

const PATIENCE_MS = 600_000

const UNSET = 'Nothing was changed. Unset AGNES_SERVER, then run: agnes update'

/**
 * @param root the workspace's; `sanitize` cleans what the server wrote
 * @throws ConflictError `other_server`: to move a workspace takes `agnes init`
 */
export async function openUpdate(
  context: UpdateContext,
  root: string,
  sanitize: (text: string) => string,
): Promise<UpdateDeps> {
  const workspace = context.filesAt(await context.folders.realPath(root))
  const server = await context.serverOrigin(await readWorkspaceServer(workspace))
  const {folders, clock, version, env, config} = context
  await refuseOtherServer({workspace, config}, server, UNSET)
  return {
    workspace,
    packageFiles: context.filesAt(packageRoot()),
    ...{folders, clock, version, sanitize, server},
    http: () => context.http(server),
    async pull(isPlanOnly, signal) {
      const options = {
        command: 'agnes update',
        tables: [],
        isMaterializedSkipped: false,
        isVerify: false,
        isPlanOnly,
        waitMs: PATIENCE_MS,
        parallelism: env.pullParallelism,
        onProgress: () => {},
      }
      return pull(await context.pullDeps(root, server), options, signal)
    },
    async push(isDryRun, signal) {
      const options = {isDryRun, isPatient: false, waitMs: PATIENCE_MS}
      return pushSessions(await openPush(context, root), options, signal)
    },
  }
}
