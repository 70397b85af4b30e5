import type {AddressInfo} from 'node:net'
import type {FastifyInstance} from 'fastify'
import {BusyError, UsageError} from '../lib/errors.js'
import type {Clock} from '../lib/ports/clock.js'
import type {Files} from '../lib/ports/files.js'
import type {Logger} from '../lib/ports/logger.js'
import type {Random} from '../lib/ports/random.js'
import type {Warehouse} from '../lib/ports/warehouse.js'
import {AuditTrail} from './audit-trail.js'
import {createAuthenticator} from './auth/authenticate.js'
import {TokenIssuer} from './auth/token-issuer.js'
import {createHttpApp, type RouteFacts} from './http-app.js'
import {ManifestCache} from './manifest.js'
import type {DemoSeed} from './data/create-demo-data.js'
import type {DataStore, QueryEngine} from './model.js'
import type {QuotaLimits} from './quota-ledger.js'
import {registerRoutes} from './register-routes.js'
import {seedDemo} from './seed-demo.js'
import {seedState} from './seed-state.js'
import type {ServerRouteDeps} from './server-deps.js'
import {SystemState} from './state/system-state.js'
import {SystemStore} from './state/system-store.js'
import {TableCatalog} from './table-catalog.js'

/**
 * The embedded server: one process over one folder, for a team or a test. Vocabulary: the *state* is
 * what it remembers (people, rights, registry), the *store* the published data, the *catalog* the
 * data under its registry rows. It must not print, exit, or know where its folder is.
 */
export interface ServerDeps {
  warehouse: Warehouse
  /** The served folder. */
  files: Files
  clock: Clock
  random: Random
  logger: Logger
  /** `1.2.3`. */
  version: string
  /** `templates/welcome.md`. */
  welcomeTemplate: string
  openData(signal: AbortSignal): Promise<OpenedData>
  /** Default true; tests that sign in often switch it off. */
  hasRateLimits?: boolean
  /** What one person may scan; the contract's numbers by default. */
  quotas?: Partial<QuotaLimits>
}

export interface OpenedData {
  store: DataStore
  engine: QueryEngine
  /** People, rights, metrics and notes to begin with. */
  demo?: DemoSeed
}

export interface RunningServer {
  /** `http://127.0.0.1:8642`, no trailing slash. */
  url: string
}

export interface AgnesServer {
  /** Opened and seeded; listening is separate. Rejects with the reason when it cannot be opened. */
  readonly ready: Promise<ReadyServer>
  /** Binds and answers. Port 0 takes a free one. */
  listen(host: string, port: number): Promise<RunningServer>
  /** Stops taking requests, waits up to `graceMs` for the running ones, then cuts them. May be called twice. */
  close(graceMs?: number): Promise<void>
}

export interface ReadyServer {
  state: SystemState
  store: DataStore
  catalog: TableCatalog
  issuer: TokenIssuer
  /** The first administrator's token, on the first start only. Told once, stored as a hash. */
  firstToken: string | undefined
  /** E-mail of the demo's analyst. */
  demoAnalyst: string | undefined
  routes: readonly RouteFacts[]
}

const SECRET_PATH = 'state/signing.key'
const GRACE_MS = 5000

interface Opened extends ReadyServer {
  app: FastifyInstance
  closeAll: () => Promise<void>
}

export function createServer(deps: ServerDeps): AgnesServer {
  const stop = new AbortController()
  let isLoopback = true
  let closing: Promise<void> | undefined
  let isOpen = false
  const opened = open(deps, stop.signal, () => isLoopback)
  opened.then(
    () => (isOpen = true),
    () => undefined,
  )
  return {
    ready: opened,
    async listen(host, port) {
      const {app} = await opened
      isLoopback = isLoopbackHost(host)
      await bind(app, host, port)
      return {url: urlOf(app.server.address() as AddressInfo, host)}
    },
    close(graceMs = GRACE_MS) {
      // Opening may take long (a folder is extracted); nobody waits for it any more.
      if (!isOpen) stop.abort(new Error('The server was stopped before it was ready.'))
      return (closing ??= shutDown(opened, stop, {graceMs, clock: deps.clock}))
    },
  }
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host)
}

async function open(
  deps: ServerDeps,
  signal: AbortSignal,
  isLoopback: () => boolean,
): Promise<Opened> {
  const {files, clock, random, logger} = deps
  const closers: (() => Promise<void>)[] = []
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const secret = await signingSecret(files, random)
    const systemStore = await openSystemStore(deps)
    closers.push(() => systemStore.close())
    const state = await SystemState.load(systemStore)
    const issuer = new TokenIssuer(secret, clock, random)
    const first = await seedState({state, issuer, clock, random})
    const {store, engine, demo} = await deps.openData(signal)
    closers.push(() => store.close())
    closers.push(() => engine.close())
    if (demo) await seedDemo(demo, {state, issuer, clock, random})
    const catalog = new TableCatalog(store, state)
    const authenticator = createAuthenticator({state, secret, clock})
    const audit = new AuditTrail({
      store: systemStore,
      state,
      authenticator,
      clock,
      logger,
      signal,
    })
    closers.push(() => audit.close())
    const {app, routes} = await createHttpApp({
      authenticator,
      audit,
      clock,
      random,
      logger,
      isLoopback,
    })
    registerRoutes(
      app,
      routeDeps(deps, {state, systemStore, audit, store, catalog, issuer, authenticator, signal}),
      {
        engine,
        version: deps.version,
        quotas: deps.quotas,
      },
    )
    await app.ready()
    return {
      ...{state, store, catalog, issuer, routes, app, closeAll},
      firstToken: first?.token,
      demoAnalyst: demo?.analyst,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function routeDeps(
  deps: ServerDeps,
  opened: Pick<
    ServerRouteDeps,
    'state' | 'systemStore' | 'audit' | 'store' | 'catalog' | 'issuer' | 'authenticator' | 'signal'
  >,
): ServerRouteDeps {
  const {clock, random, logger, files, welcomeTemplate} = deps
  return {
    ...opened,
    ...{clock, random, logger, files, welcomeTemplate},
    manifests: new ManifestCache(opened.catalog),
    hasRateLimits: deps.hasRateLimits ?? true,
  }
}

async function openSystemStore({warehouse, files}: ServerDeps): Promise<SystemStore> {
  const path = files.absolute('state/system.duckdb')
  try {
    return await SystemStore.open(warehouse, path)
  } catch (error) {
    if (!(error instanceof BusyError)) throw error
    const {pid} = error.details
    const who = typeof pid === 'number' ? `process ${pid}` : 'another process'
    throw new BusyError(`${files.root} is already being served by ${who}.`, {
      code: 'already_served',
      hint: 'Use that server, stop it first, or serve another folder.',
      details: {...error.details, folder: files.root},
      cause: error,
    })
  }
}

/** Made on the first start, readable by its owner only; without it every token is worthless. */
async function signingSecret(files: Files, random: Random): Promise<Buffer> {
  const stored = (await files.readText(SECRET_PATH))?.trim()
  if (stored !== undefined) {
    if (/^[0-9a-f]{64}$/.test(stored)) return Buffer.from(stored, 'hex')
    throw new UsageError(`${files.absolute(SECRET_PATH)} is damaged.`, {
      code: 'signing_key_damaged',
      hint: 'Restore it from a backup. Removing it makes every token that was handed out invalid.',
    })
  }
  const secret = random.hex(32)
  await files.writeAtomic(SECRET_PATH, `${secret}\n`, {mode: 0o600})
  return Buffer.from(secret, 'hex')
}

async function bind(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({host, port})
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    const details = {host, port, errno: code ?? null}
    if (code === 'EADDRINUSE')
      throw new BusyError(`Port ${port} on ${host} is in use by another program.`, {
        code: 'port_in_use',
        hint: 'Choose another with --port, or --port 0 for any free one.',
        details,
        cause: error,
      })
    if (['EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code ?? ''))
      throw new UsageError(`Cannot listen on ${host} port ${port} (${code}).`, {
        code: 'cannot_listen',
        hint: 'Use an address of this machine and a port above 1023.',
        details,
        cause: error,
      })
    throw error
  }
}

function urlOf(address: AddressInfo, host: string): string {
  const name = host.includes(':') ? `[${host}]` : host
  return `http://${name}:${address.port}`
}

async function shutDown(
  opened: Promise<Opened>,
  stop: AbortController,
  {graceMs, clock}: {graceMs: number; clock: Clock},
): Promise<void> {
  const server = await opened.catch(() => undefined)
  if (!server) return
  const graceOver = new AbortController()
  const deadline = clock
    .sleep(graceMs, graceOver.signal)
    .then(() => server.app.server.closeAllConnections())
    .catch(() => undefined)
  await server.app.close()
  graceOver.abort()
  await deadline
  stop.abort(new Error('The server has stopped.'))
  await server.closeAll()
}
