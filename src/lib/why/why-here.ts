import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {findRow, rowsIfAny} from '../discovery/find-table.js'
import {localTables, skippedBecause} from '../discovery/local-table.js'
import type {Discovery} from '../discovery/open-discovery.js'
import {AgnesError, AuthError} from '../errors.js'
import {listSnapshots} from '../snapshot/list-snapshots.js'
import {fetchManifest} from '../sync/fetch-manifest.js'
import type {CatalogRow} from '../wire/catalog.js'
import type {Manifest, ManifestTable} from '../wire/manifest.js'
import {grantsIn, readEffectiveAccess, type EffectiveAccess} from './effective-access.js'
import {isPulledMode, modeStep} from './table-mode.js'
import {fixBy, listed, noFix, type WhyResult, type WhyStep} from './why-model.js'

/** What was asked of a server, or why there is no answer. */
type Asked<T> = {value: T} | {problem: AgnesError}

interface ServerFacts {
  access: Asked<EffectiveAccess>
  manifest: Asked<Manifest>
  row: CatalogRow | undefined
  catalogProblem: AgnesError | null
}

/** The chain for the one who asks, of what the server tells them and what is on this computer. */
export async function whyHere(
  typed: string,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<WhyResult> {
  const {origin, state} = discovery
  const token = await tokenFacts(discovery)
  const facts = token.canAsk ? await askServer(typed, discovery, signal) : undefined
  const table = facts?.row?.name ?? typed
  const published = facts && valueOf(facts.manifest)?.tables.get(table)
  const local = (await localTables(discovery.tablesAt, state)).get(table.toLowerCase()) ?? null
  const tokenStep = facts ? rejected(facts, token.step, origin) : token.step
  const steps = [tokenStep]
  const isSignedIn = tokenStep.state !== 'no'
  if (facts && isSignedIn) {
    steps.push(grantStep(table, facts), listedStep(table, facts))
    const mode = modeOf(facts.row, published)
    if (mode) steps.push(modeStep(table, mode))
  }
  const mode = facts && modeOf(facts.row, published)
  const isVisible = facts && isSignedIn ? visibility(facts, table) : 'unknown'
  steps.push(
    localStep(table, {local, discovery, canPull: mode !== undefined && isPulledMode(mode)}),
  )
  steps.push(...(await snapshotSteps(table, facts?.row?.id, discovery)))
  const user = token.email
  const verdict = verdictOf({isVisible, isLocal: local?.state === 'ok', mode})
  const summary = summaryOf(table, verdict, {isVisible, isLocal: local !== null})
  return {table, user, server: origin, verdict, summary, steps}
}

async function tokenFacts({
  origin,
  surroundings,
}: Discovery): Promise<{step: WhyStep; email: string | null; canAsk: boolean}> {
  const step = {step: 'token', state: 'no', ...noFix} as const
  if (origin === null)
    return {
      step: {...step, what: 'No server is known here.', ...fixBy('you', 'auth', 'login')},
      ...{email: null, canAsk: false},
    }
  const found = await findSecret(await surroundings.secrets(), origin)
  const login = fixBy('you', 'auth', 'login', '--server-url', origin)
  if (!found)
    return {
      step: {...step, what: `No token is stored for ${origin}.`, ...login},
      ...{email: null, canAsk: false},
    }
  const {email: claimed, expiresAt} = decodeToken(found.secret.token)
  const email = claimed ?? (found.secret.email || null)
  const who = email ?? 'somebody the token does not name'
  const isOver = expiresAt !== null && Date.parse(expiresAt) <= surroundings.clock.now()
  if (isOver)
    return {
      step: {...step, what: `The token of ${who} ended on ${expiresAt}.`, ...login},
      ...{email, canAsk: false},
    }
  const until = expiresAt === null ? '' : `, until ${expiresAt}`
  const what = `Signed in to ${origin} as ${who}${until}.`
  return {step: {...step, state: 'yes', what}, email, canAsk: true}
}

async function askServer(
  typed: string,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const {surroundings, state, origin} = discovery
  const http = await surroundings.http(origin ?? '')
  const {clock} = surroundings
  const access = await asked(async () => {
    const {body} = await http.requestJson('GET', '/api/me/effective-access', {}, signal)
    return readEffectiveAccess(body)
  })
  const manifest = await asked(
    async () => (await fetchManifest({http, clock}, state, signal)).manifest,
  )
  const {rows, problem} = await rowsIfAny(discovery, signal)
  return {access, manifest, row: findRow(rows, typed), catalogProblem: problem}
}

async function asked<T>(ask: () => Promise<T>): Promise<Asked<T>> {
  try {
    return {value: await ask()}
  } catch (error) {
    if (error instanceof AgnesError && error.exitCode < 100) return {problem: error}
    throw error
  }
}

function valueOf<T>(answer: Asked<T>): T | undefined {
  return 'value' in answer ? answer.value : undefined
}

/** The server has the last word on a token. */
function rejected({access, manifest}: ServerFacts, step: WhyStep, origin: string | null): WhyStep {
  const problem = [access, manifest].flatMap((answer) =>
    'problem' in answer && answer.problem instanceof AuthError ? [answer.problem] : [],
  )[0]
  if (!problem) return step
  const login = fixBy('you', 'auth', 'login', '--server-url', origin ?? '')
  return {...step, state: 'no', what: `The server refuses the token: ${problem.message}`, ...login}
}

function grantStep(table: string, {access, row}: ServerFacts): WhyStep {
  const step = {step: 'grant', ...noFix} as const
  if ('problem' in access)
    return {...step, state: 'unknown', what: `Grants could not be read: ${access.problem.message}`}
  const {isAdmin} = access.value
  const groups = grantsIn(access.value, 'table', row?.id ?? table)
  const packages = access.value.items.filter(({type}) => type === 'data_package')
  if (groups.length > 0)
    return {...step, state: 'yes', what: `Granted to ${listed(groups)}, and you are in it.`}
  if (isAdmin) return {...step, state: 'yes', what: 'Administrators read every table.'}
  if (packages.length > 0 && row)
    return {
      ...{...step, state: 'yes'},
      what: `It comes with a data package granted to ${listed(packages.flatMap((item) => item.groups))}.`,
    }
  const fix = fixBy('administrator', 'admin', 'grant', 'create', 'GROUP', 'table', row?.id ?? table)
  return {...step, state: 'no', what: `No group of yours is granted ${table}.`, ...fix}
}

/** Not listed and not there look the same from here, and must. */
function listedStep(table: string, {access, manifest, row, catalogProblem}: ServerFacts): WhyStep {
  const step = {step: 'listed', ...noFix} as const
  if (valueOf(manifest)?.tables.has(table))
    return {...step, state: 'yes', what: `The server lists ${table} for you.`}
  if (row)
    return {
      ...{...step, state: 'no'},
      what: `The catalog names ${table}, but the server publishes no data of it for you yet.`,
    }
  const problem = 'problem' in manifest ? manifest.problem : catalogProblem
  if (problem)
    return {...step, state: 'unknown', what: `What is listed could not be read: ${problem.message}`}
  const isAdmin = valueOf(access)?.isAdmin === true
  const why = isAdmin ? 'this token shows your own stack only' : 'it is not yours to see'
  const what = `The server lists no table ${table} for you: there is none, or ${why}.`
  return {
    ...step,
    state: 'no',
    what,
    ...fixBy('you', ...(isAdmin ? ['admin', 'table', 'list'] : ['catalog'])),
  }
}

function visibility({manifest, row, catalogProblem}: ServerFacts, table: string): WhyStep['state'] {
  if (row || valueOf(manifest)?.tables.has(table)) return 'yes'
  return 'problem' in manifest || catalogProblem ? 'unknown' : 'no'
}

function modeOf(row: CatalogRow | undefined, published: ManifestTable | undefined) {
  if (published) return {queryMode: published.queryMode, isServerOnly: published.isServerOnly}
  return row && {queryMode: row.queryMode, isServerOnly: row.serverOnly}
}

function localStep(
  table: string,
  here: {
    local: {state: 'ok' | 'damaged'; installedAt: string} | null
    discovery: Discovery
    canPull: boolean
  },
): WhyStep {
  const {local, discovery, canPull} = here
  const step = {step: 'local', state: 'no', ...noFix} as const
  if (discovery.workspace === null)
    return {...step, state: 'unknown', what: 'You are in no workspace, so nothing is pulled here.'}
  if (local?.state === 'ok')
    return {...step, state: 'yes', what: `Pulled here on ${local.installedAt}.`}
  if (local)
    return {...step, what: 'Pulled here, but damaged.', ...fixBy('you', 'verify', '--repair')}
  const why = skippedBecause(discovery.state, table)
  const said = why === null ? '' : ` The last pull left it out: ${why.replaceAll('_', ' ')}.`
  const fix = canPull && why !== 'server_only' ? fixBy('you', 'pull', '--table', table) : noFix
  return {...step, what: `Not pulled here.${said}`, ...fix}
}

async function snapshotSteps(
  table: string,
  id: string | undefined,
  {tablesAt, surroundings}: Discovery,
): Promise<WhyStep[]> {
  if (tablesAt === null) return []
  const all = await listSnapshots(tablesAt, surroundings.clock.now())
  const names = [table, id].map((name) => name?.toLowerCase())
  return all
    .filter((one) => one.table !== null && names.includes(one.table.toLowerCase()))
    .map(({name, withdrawnSource, state}) => {
      const step = {step: 'snapshot', ...noFix} as const
      if (withdrawnSource !== null)
        return {
          ...{...step, state: 'no' as const},
          what: `The snapshot ${name} is blocked: ${withdrawnSource} is no longer granted.`,
        }
      const isOk = state === 'ok'
      const refresh = isOk ? noFix : fixBy('you', 'snapshot', 'refresh', name)
      const what = `The snapshot ${name} holds a part of it${isOk ? '' : `, but is ${state}`}.`
      return {...step, state: isOk ? ('yes' as const) : ('no' as const), what, ...refresh}
    })
}

function verdictOf(facts: {
  isVisible: WhyStep['state']
  isLocal: boolean
  mode: {queryMode: string; isServerOnly: boolean} | undefined
}): WhyResult['verdict'] {
  const {isVisible, isLocal, mode} = facts
  if (isVisible === 'no') return 'none'
  if (isLocal) return 'local'
  if (isVisible === 'unknown' || !mode) return 'unknown'
  return isPulledMode(mode) ? 'pull' : 'remote'
}

function summaryOf(
  table: string,
  verdict: WhyResult['verdict'],
  {isVisible, isLocal}: {isVisible: WhyStep['state']; isLocal: boolean},
): string {
  if (verdict === 'none')
    return isLocal
      ? `${table} is on this disk but is no longer yours: the next pull removes it.`
      : `${table} is not there for you.`
  if (verdict === 'local')
    return `${table} answers from this disk${isVisible === 'yes' ? '' : '; whether it is still yours could not be found out'}.`
  if (verdict === 'pull') return `${table} is yours, and waits to be pulled.`
  if (verdict === 'remote') return `${table} is yours, and answers on the server.`
  return `Whether ${table} is yours could not be found out.`
}
