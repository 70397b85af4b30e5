import type {FastifyRequest} from 'fastify'
import type {Clock} from '../lib/ports/clock.js'
import type {Logger} from '../lib/ports/logger.js'
import type {Random} from '../lib/ports/random.js'
import type {QuotaLedger} from './quota-ledger.js'
import type {DataStore, PublishedTable, QueryEngine} from './model.js'

/** Who a request comes from, decided before any handler runs. */
export interface Caller {
  userId: string
  email: string
  name: string
  /** Member of the system group Admin: reads every table, uses the admin routes. */
  isAdmin: boolean
  /** Sorted. */
  groupIds: readonly string[]
  tokenKind: 'session' | 'pat'
  /** The token's own id (`jti`). */
  tokenId: string
}

/**
 * Who may use a route, as fastify's route option `config: {access}`. A route that says nothing is
 * for signed-in callers: forgetting it never opens anything.
 */
export type RouteAccess = 'public' | 'user' | 'admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
  }
  interface FastifyRequest {
    caller: Caller | undefined
    /** What the request changed, in words with names, for the audit trail: ids die with what they name. */
    changed: string | undefined
  }
}

/** The caller of a route whose access is `user` or `admin`. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error(`${request.url} is a public route: it has no caller`)
  return request.caller
}

/** A published table under its registry row: the row's description, source type and flags win. */
export interface CatalogTable extends PublishedTable {
  syncStrategy: string
  /** False for a table that is registered but has no data yet. */
  isPublished: boolean
}

/** Tables as callers may see them. Grants are by table id. */
export interface TableAccess {
  /** Everything `caller` may read, published or not, sorted by name. */
  visible(caller: Caller): readonly CatalogTable[]
  /** By name first, then by id; rights are not considered. */
  find(reference: string): CatalogTable | undefined
  /** Of the tables called `reference` by name or id, the one `caller` may read. */
  findFor(caller: Caller, reference: string): CatalogTable | undefined
  /** Also answers for ids nobody has registered: true for admins and where a grant names the id. */
  canRead(caller: Caller, tableId: string): boolean
}

/** What the discovery and query routes are handed. */
export interface DataRouteDeps {
  store: DataStore
  engine: QueryEngine
  tables: TableAccess
  quotas: QuotaLedger
  clock: Clock
  random: Random
  logger: Logger
  /** Aborts when the server stops for good. */
  signal: AbortSignal
}
