import {AsyncLocalStorage} from 'node:async_hooks'
import {readFileSync} from 'node:fs'
import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import {FileLock} from './adapters/file-lock.js'
import {NodeFiles} from './adapters/node-files.js'
import {nodeFolders} from './adapters/node-folders.js'
import {processStreams} from './adapters/process-streams.js'
import {stderrLogger} from './adapters/stderr-logger.js'
import {systemClock} from './adapters/system-clock.js'
import {systemRandom} from './adapters/system-random.js'
import {readEnv, type Env} from './config/env.js'
import {originIfValid, originOf} from './config/origin.js'
import {configDirectory, currentDirectory, packageRoot, workspacePaths} from './config/paths.js'
import {readRegistry, readSettings} from './config/settings.js'
import {AuthError, UsageError} from './errors.js'
import type {Clock} from './ports/clock.js'
import type {Files} from './ports/files.js'
import type {Folders} from './ports/folders.js'
import type {Hasher} from './ports/hasher.js'
import type {HttpClient} from './ports/http-client.js'
import type {Lock} from './ports/lock.js'
import type {Logger} from './ports/logger.js'
import type {Random} from './ports/random.js'
import type {SecretStore} from './ports/secret-store.js'
import type {Streams} from './ports/streams.js'
import type {Warehouse} from './ports/warehouse.js'
import type {PullDeps} from './sync/pull-run.js'
import type {TableFetcher} from './sync/table-fetcher.js'
import {readWorkspaceServer} from './workspace/workspace-marker.js'
import {findWorkspace, type FoundWorkspace} from './workspace/find-workspace.js'

/** What a test (or the daemon) replaces; everything else is the real thing. */
export interface ContextOverrides {
  env?: Env
  clock?: Clock
  random?: Random
  streams?: Streams
  currentDir?: string
  secrets?: SecretStore
  setExitCode?: (code: number) => void
}

/** The composition root. Everything costly is a function, built at most once. */
export interface Context {
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
  filesAt(root: string): Files
  readonly folders: Folders
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  isWorkspace(path: string): Promise<boolean>
  /** Where tokens are looked for, in order: AGNES_TOKEN, credentials.json, the reference client's file. */
  secrets(): Promise<SecretStore[]>
  /** The server for a workspace (or none): AGNES_SERVER, the workspace's own, config.yaml. */
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  /** A signed-in client; `AuthError` (code `not_signed_in`) when no token is stored for the origin. */
  http(origin: string): Promise<HttpClient>
  /** A client with a token that is not stored yet. */
  httpWithToken(origin: string, token: string | undefined): Promise<HttpClient>
  warehouse(): Promise<Warehouse>
  /** A hashing thread of one's own, started by its first file; the caller closes it. */
  hasher(): Promise<Hasher>
  /** One pull (or repair) at a time per workspace. */
  pullLock(root: string): Lock
  /** Mutual exclusion by a file of the workspace; `path` relative to its root. */
  lockAt(root: string, path: string): Lock
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
  const currentDir = overrides.currentDir ?? currentDirectory()
  const config = new NodeFiles(configDirectory(env), random)
  const version = once(() => readVersion())

  const secrets = once(async () =>
    overrides.secrets ? [overrides.secrets] : openSecretStores(env, config, clock),
  )
  const httpWithToken = async (origin: string, token: string | undefined) => {
    const {GotHttpClient} = await import('./adapters/http-client.js')
    return new GotHttpClient({origin, token, userAgent: `agnes-cli/${version()}`})
  }

  return {
    env,
    clock,
    random,
    streams,
    logger: stderrLogger(streams.err, clock, env.debug),
    currentDir,
    config,
    get version() {
      return version()
    },
    get userAgent() {
      return `agnes-cli/${version()}`
    },
    setExitCode: overrides.setExitCode ?? ((code) => void (process.exitCode = code)),
    filesAt: (root) => new NodeFiles(root, random),
    folders: nodeFolders,
    findWorkspace: (flag) => findFrom({env, config, currentDir}, flag),
    isWorkspace: looksLikeWorkspace,
    secrets,
    serverOrigin: (workspaceServer) => chooseServer(env, config, workspaceServer),
    http: async (origin) => httpWithToken(origin, await tokenFor(await secrets(), origin, env)),
    httpWithToken,
    async hasher() {
      const {WorkerHasher} = await import('./adapters/worker-hasher.js')
      return new WorkerHasher()
    },
    pullLock: (root) => new FileLock(join(root, workspacePaths.pullLock), clock),
    lockAt: (root, path) => new FileLock(join(root, path), clock),
    pullDeps(root, origin) {
      return openPullDeps(this, root, origin)
    },
    warehouse: once(async () => {
      const {DuckDbWarehouse} = await import('./adapters/duckdb-warehouse.js')
      return new DuckDbWarehouse()
    }),
  }
}

async function openSecretStores(env: Env, config: Files, clock: Clock): Promise<SecretStore[]> {
  const {environmentSecretStore} = await import('./adapters/environment-secret-store.js')
  const {FileSecretStore} = await import('./adapters/file-secret-store.js')
  const {legacyTokenStore} = await import('./adapters/legacy-token-store.js')
  const credentialsLock = new FileLock(config.absolute('credentials.lock'), clock, 0o700)
  return [
    environmentSecretStore(env.token, (origin) => isTrusted(env, config, origin)),
    new FileSecretStore(config, nodeFolders.modeOf, credentialsLock),
    legacyTokenStore(config, async () => originIfValid((await readSettings(config)).server)),
  ]
}

async function tokenFor(stores: SecretStore[], origin: string, env: Env): Promise<string> {
  for (const store of stores) {
    const secret = await store.get(origin)
    if (secret) return secret.token
  }
  throw notSignedIn(origin, env)
}

function findFrom(
  {env, config, currentDir}: {env: Env; config: Files; currentDir: string},
  flag: string | undefined,
): Promise<FoundWorkspace> {
  return findWorkspace({
    flag,
    localDir: env.localDir,
    currentDir,
    registered: async () => (await readRegistry(config)).map(({path}) => path),
    isWorkspace: looksLikeWorkspace,
  })
}

async function chooseServer(
  env: Env,
  config: Files,
  workspaceServer: string | undefined,
): Promise<string> {
  const server = env.server ?? workspaceServer ?? (await readSettings(config)).server
  if (server === undefined)
    throw new UsageError('No server is known for this workspace.', {
      code: 'no_server',
      hint: 'Name it with AGNES_SERVER, or run `agnes init DIR --server-url URL`.',
    })
  return originOf(server)
}

async function openPullDeps(context: Context, root: string, origin?: string): Promise<PullDeps> {
  const files = context.filesAt(root)
  const server = origin ?? (await context.serverOrigin(await readWorkspaceServer(files)))
  const http = await context.http(server)
  const {clock, warehouse} = context
  const fetcher = () => openFetcher(context, {http, files})
  return {files, http, clock, warehouse, fetcher, lock: context.pullLock(root)}
}

/** The longest a run may wait for an ailing server in all. */
const RUN_BUDGET_MS = 600_000

async function openFetcher(
  context: Context,
  {http, files}: {http: HttpClient; files: Files},
): Promise<TableFetcher> {
  const {createDownloader} = await import('./download/download.js')
  const {downloadFetcher} = await import('./sync/download-fetcher.js')
  const {env, clock, random, logger} = context
  const hasher = await context.hasher()
  const limits = {
    parallelism: env.pullParallelism,
    chunkParallelism: env.pullChunkParallelism,
    chunkThresholdBytes: env.pullChunkThresholdBytes,
    retries: env.streamRetries,
    stallMs: env.stallMs,
    runBudgetMs: RUN_BUDGET_MS,
  }
  return downloadFetcher((onProgress) =>
    createDownloader({http, files, hasher, clock, random, logger, limits, onProgress}),
  )
}

/** A finished workspace of ours, or one of the reference client's. */
async function looksLikeWorkspace(path: string): Promise<boolean> {
  for (const mark of [workspacePaths.initComplete, workspacePaths.catalog, workspacePaths.parquet])
    if (await stat(join(path, mark)).catch(() => undefined)) return true
  return false
}

/**
 * Whether AGNES_TOKEN may go to `origin`: to AGNES_SERVER where that is set, else to servers this
 * account has chosen. A folder that merely says so (a cloned repository) is not enough.
 */
async function isTrusted(env: Env, config: Files, origin: string): Promise<boolean> {
  if (env.server !== undefined) return originIfValid(env.server) === origin
  const {server} = await readSettings(config)
  const known = [server, ...(await readRegistry(config)).map((workspace) => workspace.server)]
  return known.some((address) => originIfValid(address) === origin)
}

function notSignedIn(origin: string, env: Env): AuthError {
  const isHeldBack = env.token !== undefined
  return new AuthError(
    isHeldBack
      ? `AGNES_TOKEN was not sent: nothing on this account says that it belongs to ${origin}.`
      : `No token is stored for ${origin}.`,
    {
      hint: isHeldBack
        ? `If it does, set AGNES_SERVER=${origin} as well.`
        : `Run: agnes init --server-url ${origin} --token-stdin`,
      details: {origin},
    },
  )
}

function readVersion(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8')
  return (JSON.parse(manifest) as {version: string}).version
}

function once<T>(build: () => T): () => T {
  let value: {built: T} | undefined
  return () => (value ??= {built: build()}).built
}
