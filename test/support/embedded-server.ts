import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'
import {NodeFiles} from '../../src/lib/adapters/node-files.js'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import type {Clock} from '../../src/lib/ports/clock.js'
import type {Logger} from '../../src/lib/ports/logger.js'
import type {OpenRemoteEngine} from '../../src/lib/ports/remote-engine.js'
import {createServer, type OpenedData, type ReadyServer} from '../../src/server/create-server.js'
import type {EngineLimits} from '../../src/server/engine/query-engine.js'
import type {QuotaLimits} from '../../src/server/quota-ledger.js'
import {openFolderServer} from '../../src/server/open-folder-server.js'
import type {GrantRow} from '../../src/server/state/rows.js'
import {demoTemplates, writeDemoFolder} from './demo-folder.js'
import {repositoryRoot} from './run-cli.js'
import {tempDir} from './temp-dir.js'

export interface EmbeddedServerOptions {
  /** The served folder; a new empty one by default. */
  dir?: string
  /** Makes the demo company; `analystToken` is then its analyst's, who has grants already. */
  demo?: boolean | {scale?: number; seed?: number}
  clock?: Clock
  hasRateLimits?: boolean
  quotas?: Partial<QuotaLimits>
  /** Of the engine: cost cap, time limits. */
  limits?: Partial<EngineLimits>
  /** BigQuery of another address, with other credentials. */
  openBigQuery?: OpenRemoteEngine
  /** Stands in for the real store and engine over `dir`. */
  openData?: () => Promise<OpenedData>
  /** Kept running after the test that started it; then the caller closes it. */
  isShared?: boolean
}

export interface EmbeddedServer extends ReadyServer {
  url: string
  dir: string
  adminToken: string
  /** Of `analyst@example.com`, who is in no group yet: `grant` gives rights. */
  analystToken: string
  /** What the server logged at warn or above. */
  logged: {event: string; fields: Record<string, unknown> | undefined}[]
  /** Lets the analyst read tables, by id, through the group `analysts`. */
  grant(...tableIds: string[]): Promise<void>
  /** One request as JSON; `token` defaults to the admin's. */
  call(
    method: string,
    path: string,
    options?: {token?: string | null; body?: unknown},
  ): Promise<Answer>
  close(): Promise<void>
}

export interface Answer {
  status: number
  headers: Headers
  body: any
}

/** The real server in this process, on a free loopback port, closed when the test ends. */
export async function startEmbeddedServer(
  options: EmbeddedServerOptions = {},
): Promise<EmbeddedServer> {
  const dir = options.dir ?? (await tempDir())
  const demo = demoOf(options.demo)
  if (demo) await writeDemoFolder(dir, demo)
  const files = new NodeFiles(dir, systemRandom)
  const logged: EmbeddedServer['logged'] = []
  const deps = {
    warehouse: new DuckDbWarehouse(),
    files,
    clock: options.clock ?? systemClock,
    random: systemRandom,
    logger: collecting(logged),
    version: '0.0.0-test',
    welcomeTemplate: await readFile(join(repositoryRoot, 'templates/welcome.md'), 'utf8'),
    hasRateLimits: options.hasRateLimits ?? false,
    secret: () => undefined,
    openBigQuery: options.openBigQuery ?? noBigQuery,
    demo,
    ...(options.quotas ? {quotas: options.quotas} : {}),
    ...(options.limits ? {limits: options.limits} : {}),
  }
  const server = options.openData
    ? createServer({...deps, openData: options.openData})
    : openFolderServer(deps)
  const ready = await server.ready
  const {url} = await server.listen('127.0.0.1', 0)
  if (!options.isShared) onTestFinished(() => server.close(1000))
  const adminToken = ready.firstToken ?? ''
  const call = caller(url, adminToken)
  const analystToken = adminToken === '' ? '' : await analystOf(ready)
  return {
    ...ready,
    url,
    dir,
    adminToken,
    analystToken,
    logged,
    call,
    grant: (...tableIds) => grant(ready, tableIds),
    close: () => server.close(1000),
  }
}

function caller(url: string, adminToken: string): EmbeddedServer['call'] {
  return async (method, path, {token = adminToken, body} = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token === null ? {} : {authorization: `Bearer ${token}`}),
        ...(body === undefined ? {} : {'content-type': 'application/json'}),
      },
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    }
  }
}

function noBigQuery(): Promise<never> {
  throw new Error('this server has no BigQuery')
}

function demoOf(demo: EmbeddedServerOptions['demo']) {
  if (demo === undefined || demo === false) return undefined
  return {scale: 1, seed: 1, templates: demoTemplates(), ...(demo === true ? {} : demo)}
}

async function analystOf(ready: ReadyServer): Promise<string> {
  const {state, issuer, demoAnalyst} = ready
  const user = demoAnalyst === undefined ? undefined : state.userByEmail(demoAnalyst)
  if (!user) return addAnalyst(ready)
  const {token, row} = issuer.personal(user, {name: 'test', scope: 'general', seconds: 3600})
  await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  return token
}

const AT = '2026-01-31T12:00:00.000000'

async function addAnalyst({state, issuer}: ReadyServer): Promise<string> {
  const user = {
    id: 'analyst-0000',
    email: 'analyst@example.com',
    name: 'Analyst',
    active: true,
    passwordHash: null,
    createdAt: AT,
    deactivatedAt: null,
  }
  const {token, row} = issuer.personal(user, {name: 'test', scope: 'general', seconds: 3600})
  await state.update(() => ({
    changes: [
      {put: 'users', row: user},
      {put: 'tokens', row},
      {
        put: 'groups',
        row: {
          id: 'analysts',
          name: 'analysts',
          description: null,
          isSystem: false,
          createdAt: AT,
          createdBy: 'test',
        },
      },
      {
        put: 'members',
        row: {
          groupId: 'analysts',
          userId: user.id,
          source: 'admin',
          addedAt: AT,
          addedBy: 'test',
        },
      },
    ],
    result: undefined,
  }))
  return token
}

async function grant({state}: ReadyServer, tableIds: string[]): Promise<void> {
  await state.update(() => ({
    changes: tableIds.map((resourceId) => ({
      put: 'grants' as const,
      row: {
        id: `grant-${resourceId}`,
        groupId: 'analysts',
        resourceType: 'table',
        resourceId,
        assignedAt: AT,
        assignedBy: 'test',
      },
    })),
    result: undefined,
  }))
}

function collecting(logged: EmbeddedServer['logged']): Logger {
  const keep = (event: string, fields?: Record<string, unknown>) =>
    void logged.push({event, fields})
  return {debug() {}, info() {}, warn: keep, error: keep}
}

/** The grant that lets the demo's analyst see a resource, such as a table. */
export function demoGrant({state, demoAnalyst = ''}: EmbeddedServer, resource: string): GrantRow {
  const groups = [...state.groupIdsOf(state.userByEmail(demoAnalyst)?.id ?? '')]
  const grants = groups.flatMap((group) => state.grantsOf(group))
  const grant = grants.find(({resourceId}) => resourceId === resource)
  if (!grant) throw new Error(`the demo's analyst may not see ${resource}`)
  return grant
}
