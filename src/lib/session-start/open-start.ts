import type {Env} from '../config/env.js'
import {tokenExpiry} from '../credentials/token-expiry.js'
import type {Background} from '../ports/background.js'
import type {Clock} from '../ports/clock.js'
import type {ControlSocket} from '../ports/control-socket.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {Lock} from '../ports/lock.js'
import type {Probe} from '../ports/probe.js'
import type {SecretStore} from '../ports/secret-store.js'
import {pushState} from '../push/last-push.js'
import {openPlace} from '../push/open-place.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {askForWord} from './daemon-word.js'
import type {RefreshContext} from './refresh-tables.js'
import type {StartDeps} from './start-session.js'

/** The part of a composition root that the start of a session needs where nothing is to do. */
export interface StartContext {
  env: Env
  clock: Clock
  config: Files
  folders: Folders
  filesAt(root: string): Files
  pullLock(root: string): Lock
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  secrets(): Promise<SecretStore[]>
  probe(origin: string): Promise<Probe>
  background(): Promise<Background>
  /** Where the daemon of this account answers. */
  controlSocket(): Promise<ControlSocket>
  /** What an ordinary pull takes. */
  full(): Promise<RefreshContext>
}

/** A daemon that takes more than this part of the time a server has helps nobody. */
const DAEMON_SHARE = 8

/** @param root the workspace's */
export async function openStart(context: StartContext, root: string): Promise<StartDeps> {
  const {clock} = context
  const files = context.filesAt(root)
  const server = await context.serverOrigin(await readWorkspaceServer(files))
  return {
    files,
    clock,
    lock: context.pullLock(root),
    server,
    probe: () => context.probe(server),
    background: () => context.background(),
    async askDaemon(signal) {
      // The daemon asks with the stored token; one of the environment may see other tables.
      if (context.env.token !== undefined) return undefined
      const patienceMs = Math.ceil(context.env.hookAnswerMs / DAEMON_SHARE)
      return askForWord(await context.controlSocket(), {workspace: root, patienceMs}, signal)
    },
    async refresh(budget, signal) {
      const {refreshTables} = await import('./refresh-tables.js')
      return refreshTables(await context.full(), {root, server, ...budget}, signal)
    },
    tokenExpiresAt: () => tokenExpiry(context, server),
    pushState: async () => pushState(await openPlace(context, root)),
  }
}
