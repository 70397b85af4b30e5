import {AsyncLocalStorage} from 'node:async_hooks'
import {join} from 'node:path'
import type {Writable} from 'node:stream'
import {FileLock} from './adapters/file-lock.js'
import {NodeFiles} from './adapters/node-files.js'
import {nodeFolders} from './adapters/node-folders.js'
import {processStreams} from './adapters/process-streams.js'
import {stderrLogger} from './adapters/stderr-logger.js'
import {systemClock} from './adapters/system-clock.js'
import {systemRandom} from './adapters/system-random.js'
import {environmentForOthers, readEnv, type Env} from './config/env.js'
import {configDirectory, currentDirectory, workspacePaths} from './config/paths.js'
import type {ProbedStore, SignInStores} from './credentials/sign-in-store.js'
import type {Background} from './ports/background.js'
import type {Clock} from './ports/clock.js'
import type {Files} from './ports/files.js'
import type {Folders} from './ports/folders.js'
import type {Hasher} from './ports/hasher.js'
import type {HttpClient} from './ports/http-client.js'
import type {Lock} from './ports/lock.js'
import type {Logger} from './ports/logger.js'
import type {Probe} from './ports/probe.js'
import type {Programs} from './ports/programs.js'
import type {Random} from './ports/random.js'
import type {SecretStore} from './ports/secret-store.js'
import type {SignInCallback} from './ports/sign-in-callback.js'
import type {Streams} from './ports/streams.js'
import type {Warehouse} from './ports/warehouse.js'
import type {PullDeps} from './sync/pull-run.js'
import {openDaemonParts, type DaemonParts} from './context/daemon-parts.js'
import {framed} from './context/framed.js'
import {openEngines, type Engines} from './context/engines.js'
import {packageVersion} from './context/package-version.js'
import {openServerAccess} from './context/server-access.js'
import {findFrom, looksLikeWorkspace} from './context/workspaces.js'
import type {FoundWorkspace} from './workspace/find-workspace.js'

/** What a test (or the daemon) replaces; everything else is the real thing. */
export interface ContextOverrides {
  env?: Env
  clock?: Clock
  random?: Random
  streams?: Streams
  currentDir?: string
  secrets?: SecretStore
  keychain?: ProbedStore
  openBrowser?: (url: string) => Promise<boolean>
  programs?: Programs
  background?: Background
  setExitCode?: (code: number) => void
  warehouse?: Warehouse
  /** Ends a command like a signal to the process; its reason is the error. */
  stop?: AbortSignal
  /** Stands where a server would be asked. */
  remoteSide?: Pick<Context, 'serverOrigin' | 'http' | 'openBigQuery'>
}

/** The composition root. Everything costly is a function, built at most once. */
export interface Context extends DaemonParts, Engines {
  readonly env: Env
  readonly clock: Clock
  readonly random: Random
  readonly streams: Streams
  readonly logger: Logger
  readonly currentDir: string
  /** `agnes-cli/1.2.3`. */
  readonly userAgent: string
  readonly version: string
  /** The config folder. */
  readonly config: Files
  setExitCode(code: number): void
  /** Aborts when somebody else than a signal to this process ends the command. */
  readonly stop: AbortSignal | undefined
  filesAt(root: string): Files
  readonly folders: Folders
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  isWorkspace(path: string): Promise<boolean>
  /** Where tokens are looked for, in order: AGNES_TOKEN, keychain, credentials.json, the reference client's file. */
  secrets(): Promise<SecretStore[]>
  /** Where a sign-in keeps its token. */
  signInStores(): Promise<SignInStores>
  /** A name or address of `--server`: it beats everything else. */
  preferServer(nameOrUrl: string | undefined): void
  /** Who is told what a person should know that is no failure; nobody is until this is called. */
  tellNotices(tell: ((message: string) => void) | undefined): void
  /** The server for a workspace (or none): `--server`, AGNES_SERVER, the workspace's own, config.yaml. */
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  /** A signed-in client; `AuthError` (code `not_signed_in`) when no token is stored for the origin. */
  http(origin: string): Promise<HttpClient>
  /** A client with a token that is not stored yet. */
  httpWithToken(origin: string, token: string | undefined): Promise<HttpClient>
  /** All certificates to trust for a server, PEM; `undefined` where the usual ones are all. */
  trustedCertificates(origin: string): Promise<string[] | undefined>
  /** What a token made here is called after. */
  computerName(): string
  /** Waits on a loopback port for a browser that brings a sign-in code with `state`. */
  listenForCallback(state: string): Promise<SignInCallback>
  /** False where there is no browser to open. */
  openBrowser(url: string): Promise<boolean>
  /** Asks a server with the stored token whether something is as it was; the light way. */
  probe(origin: string): Promise<Probe>
  /** Other programs of this computer. */
  programs(): Promise<Programs>
  /** Starts `agnes` again in the background. */
  background(): Promise<Background>
  /** Runs `agnes` again with its standard output kept for frames alone; the exit code. */
  runFramed(argv: readonly string[], signal: AbortSignal): Promise<number>
  /** In a process that `runFramed` started: where frames go. */
  openFrames(fd: number): Promise<Writable>
  /** `agnes` in a process of its own that is ended when it takes too much. */
  runGuarded: ReturnType<typeof framed>['runGuarded']
  /** A hashing thread of one's own, started by its first file; the caller closes it. */
  hasher(): Promise<Hasher>
  /** One pull (or repair) at a time per workspace. */
  pullLock(root: string): Lock
  /** Mutual exclusion by a file of the workspace; `path` relative to its root. */
  lockAt(root: string, path: string): Lock
  /** This one: a hook's smaller context has to make it first. */
  full(): Promise<Context>
  /** What a pull of this workspace takes; `origin` where it is decided already (`init`). */
  pullDeps(root: string, origin?: string): Promise<PullDeps>
}

const overridesStore = new AsyncLocalStorage<ContextOverrides>()

/** Runs `work` with parts of the context replaced, for this async call tree only. */
export function withOverrides<T>(overrides: ContextOverrides, work: () => Promise<T>): Promise<T> {
  return overridesStore.run(overrides, work)
}

let realStreams: Streams | undefined

export function createContext(): Context {
  const overrides = overridesStore.getStore() ?? {}
  const env = overrides.env ?? readEnv()
  const clock = overrides.clock ?? systemClock
  const random = overrides.random ?? systemRandom
  const streams = overrides.streams ?? (realStreams ??= processStreams(env.noColor))
  const currentDir = () => overrides.currentDir ?? currentDirectory()
  const config = new NodeFiles(configDirectory(env), random)
  const version = once(packageVersion)

  return {
    env,
    clock,
    random,
    streams,
    logger: stderrLogger(streams.err, clock, env.debug),
    get currentDir() {
      return currentDir()
    },
    config,
    get version() {
      return version()
    },
    get userAgent() {
      return `agnes-cli/${version()}`
    },
    stop: overrides.stop,
    setExitCode: overrides.setExitCode ?? ((code) => void (process.exitCode = code)),
    filesAt: (root) => new NodeFiles(root, random),
    folders: nodeFolders,
    findWorkspace: (flag) => findFrom({env, config, currentDir: currentDir()}, flag),
    isWorkspace: looksLikeWorkspace,
    ...openServerAccess({...overrides, env, clock, config, version}),
    programs: async () =>
      overrides.programs ??
      (await import('./adapters/node-programs.js')).nodePrograms(environmentForOthers()),
    background: async () =>
      overrides.background ?? (await import('./adapters/detached-process.js')).detachedProcess(),
    ...openDaemonParts({config, clock, env}),
    async hasher() {
      const {WorkerHasher} = await import('./adapters/worker-hasher.js')
      return new WorkerHasher()
    },
    pullLock: (root) => new FileLock(join(root, workspacePaths.pullLock), clock),
    lockAt: (root, path) => new FileLock(join(root, path), clock),
    async full() {
      return this
    },
    async pullDeps(root, origin) {
      const {openPull} = await import('./sync/open-pull.js')
      return openPull(this, root, origin)
    },
    ...framed(clock),
    ...openEngines({config, env, clock, version, within: withOverrides}, overrides.warehouse),
    ...overrides.remoteSide,
  }
}

function once<T>(build: () => T): () => T {
  let value: {built: T} | undefined
  return () => (value ??= {built: build()}).built
}
