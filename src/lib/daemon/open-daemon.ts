import {workspacePaths} from '../config/paths.js'
import {readDaemonValue, readRegistry} from '../config/settings.js'
import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {KEYCHAIN_STAMP} from '../credentials/keychain-stamp.js'
import {reportHooks, settingsPlaces, type HooksContext} from '../hooks/open-hooks.js'
import type {Clock} from '../ports/clock.js'
import type {ControlSocket} from '../ports/control-socket.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import type {JobRunner} from '../ports/job-runner.js'
import type {Lock} from '../ports/lock.js'
import type {Logger} from '../ports/logger.js'
import type {Machine} from '../ports/machine.js'
import type {Random} from '../ports/random.js'
import type {SecretStore} from '../ports/secret-store.js'
import {openPlace} from '../push/open-push.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {parseDaemonSettings} from './daemon-settings.js'
import {markOf, Remembered} from './findings/remembered.js'
import type {DaemonDeps} from './run-daemon.js'
import {senseDisk} from './findings/sense-disk.js'
import {senseFiles} from './findings/sense-files.js'
import {hooksNow, senseHooks, type KnownHooks} from './findings/sense-hooks.js'
import {sensePush, type PushMemory} from './findings/sense-push.js'
import {senseSnapshots, type KnownSnapshots} from './findings/sense-snapshots.js'

/** The part of the composition root that the daemon needs. */
export interface DaemonContext extends HooksContext {
  clock: Clock
  random: Random
  config: Files
  version: string
  processId: number
  lockAt(root: string, path: string): Lock
  isWorkspace(path: string): Promise<boolean>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
  secrets(): Promise<SecretStore[]>
  controlSocket(): Promise<ControlSocket>
  daemonAdapters(): Promise<{jobs: JobRunner; machine: Machine; logTo(path: string): Logger}>
}

export const DAEMON_LOG = 'logs/daemon.log'
const LOCK = 'daemon.lock'
/** What a sign-in or a sign-out writes, ours or the reference client's. */
const SIGN_IN_FILES = ['config.yaml', 'credentials.json', 'token.json', KEYCHAIN_STAMP]
/** A keychain is asked for the end of a token this often. */
const TOKEN_LOOK_MS = 6 * 3_600_000

export async function openDaemon(context: DaemonContext, onReady: () => void): Promise<DaemonDeps> {
  const {clock, random, config, version, processId} = context
  const {jobs, machine, logTo} = await context.daemonAdapters()
  return {
    clock,
    random,
    config,
    jobs,
    machine,
    logger: logTo(config.absolute(DAEMON_LOG)),
    lock: context.lockAt(config.root, LOCK),
    socket: await context.controlSocket(),
    identity: {pid: processId, version},
    readSettings: async () => parseDaemonSettings(await readDaemonValue(config)),
    listWorkspaces: workspaceList(context),
    openHttp: (origin) => context.http(origin),
    signInMark: () => markOf(config, SIGN_IN_FILES),
    freeBytes: (workspace) => context.filesAt(workspace).freeBytes(),
    sense: workspaceSensors(context),
    tokenEndsAt: rememberedTokenEnd(context),
    onReady,
  }
}

/** What was seen at the last look into a workspace, so that the next one only asks what has moved. */
interface SensorMemory {
  hooks: Remembered<KnownHooks>
  snapshots: Remembered<KnownSnapshots>
  push: PushMemory
}

function workspaceSensors(context: DaemonContext): DaemonDeps['sense'] {
  const memories = new Map<string, SensorMemory>()
  return async (workspace, settings, signal) => {
    const files = context.filesAt(workspace)
    const memory = memories.get(workspace) ?? {
      hooks: new Remembered<KnownHooks>(),
      snapshots: new Remembered<KnownSnapshots>(),
      push: {earlier: [], nextLookMs: 0},
    }
    memories.set(workspace, memory)
    const {clock} = context
    const nowMs = clock.now()
    const read = async () => (await reportHooks(context, workspace)).report
    const hooks = await hooksNow(settingsPlaces(context, workspace), memory.hooks, read)
    const isSending = hooks.state === 'active' && settings.policies.push_waiting !== 'off'
    return [
      ...(await senseFiles(files, nowMs)),
      ...(await senseSnapshots(files, memory.snapshots, nowMs)),
      ...(await senseDisk(files, settings)),
      ...senseHooks(hooks),
      ...(isSending
        ? await sensePush(() => openPlace(context, workspace), {clock, memory: memory.push}, signal)
        : []),
    ]
  }
}

/** Every registered workspace that is still one, with the server it says it belongs to. */
function workspaceList(context: DaemonContext): DaemonDeps['listWorkspaces'] {
  const memories = new Map<string, Remembered<string | null>>()
  return async () => {
    const kept: {path: string; server: string}[] = []
    const settings = await markOf(context.config, ['config.yaml', 'workspaces.json'])
    for (const {path, server} of await readRegistry(context.config)) {
      const files = context.filesAt(path)
      const memory = memories.get(path) ?? new Remembered<string | null>()
      memories.set(path, memory)
      const {initComplete, catalog, parquet} = workspacePaths
      const mark = await markOf(files, [initComplete, catalog, parquet])
      const origin = await memory.get(`${settings}\n${mark}`, async () => {
        if (!(await context.isWorkspace(path))) return null
        return context.serverOrigin((await readWorkspaceServer(files)) ?? server)
      })
      if (origin !== null) kept.push({path, server: origin})
    }
    return kept
  }
}

function rememberedTokenEnd({clock, config, secrets}: DaemonContext) {
  const known = new Map<string, {endsAt: string | null; readMs: number; mark: string}>()
  return async (origin: string): Promise<string | null> => {
    const before = known.get(origin)
    const mark = await markOf(config, SIGN_IN_FILES)
    const isOld = !before || clock.monotonicMs() - before.readMs >= TOKEN_LOOK_MS
    if (!isOld && before.mark === mark) return before.endsAt
    const found = await findSecret(await secrets(), origin).catch(() => undefined)
    const endsAt = found ? decodeToken(found.secret.token).expiresAt : null
    known.set(origin, {endsAt, readMs: clock.monotonicMs(), mark})
    return endsAt
  }
}
