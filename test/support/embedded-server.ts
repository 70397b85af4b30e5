import {existsSync} from 'node:fs'
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
import {ADMIN_EMAIL} from '../../src/server/seed-state.js'
import type {GrantRow, UserRow} from '../../src/server/state/rows.js'
import {demoTemplates, writeDemoFolder} from './demo-folder.js'
import {ANALYST, AT, analystChanges, writeFirstState} from './first-state.js'
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
  /** Lets the server itself make its first state and token; others start with a copy of such a state. */
  isFirstStart?: boolean
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
  const hasGivenState =
    !demo && !options.isFirstStart && !options.clock && !existsSync(join(dir, 'state'))
  if (hasGivenState) await writeFirstState(dir)
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
  const {adminToken, analystToken} = await tokensOf(ready, hasGivenState)
  const call = caller(url, adminToken)
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

/** Of a server that had a state already, none: who started it first has them. */
async function tokensOf(
  {state, issuer, firstToken, demoAnalyst}: ReadyServer,
  hasGivenState: boolean,
): Promise<{adminToken: string; analystToken: string}> {
  if (firstToken === undefined && !hasGivenState) return {adminToken: '', analystToken: ''}
  const person = (email: string | undefined) =>
    email === undefined ? undefined : state.userByEmail(email)
  const analyst = person(demoAnalyst) ?? person(ANALYST.email) ?? ANALYST
  const issued = (user: UserRow, name: string, seconds: number | null) =>
    issuer.personal(user, {name, scope: 'general', seconds})
  const forAnalyst = issued(analyst, 'test', 3600)
  const forAdmin =
    firstToken === undefined ? issued(person(ADMIN_EMAIL)!, 'first start', null) : undefined
  await state.update(() => ({
    changes: [
      ...(state.has('users', [analyst.id]) ? [] : analystChanges()),
      {put: 'tokens', row: forAnalyst.row},
      ...(forAdmin ? [{put: 'tokens' as const, row: forAdmin.row}] : []),
    ],
    result: undefined,
  }))
  return {adminToken: firstToken ?? forAdmin!.token, analystToken: forAnalyst.token}
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
