import type {Background} from '../ports/background.js'
import type {Folders} from '../ports/folders.js'
import type {Files} from '../ports/files.js'
import type {Probe} from '../ports/probe.js'
import type {PushContext} from '../push/open-push.js'
import type {PullContext} from '../sync/open-pull.js'
import type {PullDeps} from '../sync/pull-run.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {StartDeps} from './start-session.js'

/** The part of the composition root that the start of a session needs. */
export interface StartContext extends PullContext {
  config: Files
  folders: Folders
  lockAt: PushContext['lockAt']
  probe(origin: string): Promise<Probe>
  background(): Promise<Background>
  pullDeps(root: string, origin?: string): Promise<PullDeps>
}

/** @param root the workspace's */
export async function openStart(context: StartContext, root: string): Promise<StartDeps> {
  const {clock, env} = context
  const files = context.filesAt(root)
  const server = await context.serverOrigin(await readWorkspaceServer(files))
  return {
    files,
    clock,
    lock: context.pullLock(root),
    server,
    probe: () => context.probe(server),
    background: () => context.background(),
    async pull(onPlanned, signal) {
      const {pull} = await import('../sync/pull.js')
      const options = {
        command: 'agnes pull',
        tables: [],
        isMaterializedSkipped: false,
        isVerify: false,
        isPlanOnly: false,
        waitMs: 0,
        parallelism: env.pullParallelism,
        onProgress: () => {},
        onPlanned,
      }
      return pull(await context.pullDeps(root, server), options, signal)
    },
    async tokenExpiresAt() {
      const {tokenExpiry} = await import('../sync/open-pull.js')
      return tokenExpiry(context, server)
    },
    async pushState() {
      const {openPlace} = await import('../push/open-push.js')
      const {pushState} = await import('../push/last-push.js')
      return pushState(await openPlace(context, root))
    },
  }
}
