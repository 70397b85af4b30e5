import type {AdminApi} from '../admin/admin-api.js'
import {findTable, findUser} from '../admin/find.js'
import {AgnesError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Clock} from '../ports/clock.js'
import type {RegisteredTable, User} from '../wire/admin.js'
import {isFields, textField, type Fields} from '../wire/read-fields.js'
import {isPulledMode, modeStep} from './table-mode.js'
import {fixBy, listed, noFix, type WhyResult, type WhyStep} from './why-model.js'

export interface WhyForDeps {
  api: AdminApi
  /** The same server, for what only this asks. */
  http: HttpClient
  clock: Clock
}

/** The chain for somebody, as an administrator can see it. */
export async function whyFor(
  {user: reference, table: typed}: {user: string; table: string},
  deps: WhyForDeps,
  signal: AbortSignal,
): Promise<WhyResult> {
  const {api} = deps
  const user = await findUser(api, {reference}, signal)
  const table = await findTable(api, {reference: typed}, signal)
  const mode = {
    queryMode: table.queryMode ?? 'local',
    isServerOnly: table.settings.server_only === true,
  }
  const grant = await grantStep(user, table, deps, signal)
  const account = accountStep(user)
  const steps = [
    account,
    await tokenStep(user, deps, signal),
    groupsStep(user),
    grant,
    registryStep(table),
    modeStep(table.name, mode),
    localStep(table.name),
  ]
  const states = [account.state, grant.state]
  const verdict = states.includes('no')
    ? 'none'
    : states.includes('unknown')
      ? 'unknown'
      : isPulledMode(mode)
        ? 'pull'
        : 'remote'
  const summary = summaryOf(user.email, table.name, verdict)
  return {table: table.name, user: user.email, server: api.origin, verdict, summary, steps}
}

function accountStep({email, isActive}: User): WhyStep {
  const step = {step: 'account', ...noFix} as const
  if (isActive) return {...step, state: 'yes', what: `The account of ${email} is active.`}
  const fix = fixBy('administrator', 'admin', 'user', 'activate', email)
  return {...step, state: 'no', what: `The account of ${email} is switched off.`, ...fix}
}

/** No token is no refusal: who has a password, or signs in elsewhere, makes one. */
async function tokenStep(
  {id, email}: User,
  {http, clock}: WhyForDeps,
  signal: AbortSignal,
): Promise<WhyStep> {
  const step = {step: 'token', ...noFix} as const
  const rows = await rowsOf(http, '/auth/admin/tokens', signal)
  if (rows === undefined)
    return {...step, state: 'unknown', what: 'The server does not tell who has which token.'}
  const its = rows.filter((row) => row.user_id === id || row.user_email === email)
  const isValid = ({revoked_at: revoked, expires_at: expires}: Fields) =>
    revoked === null && (typeof expires !== 'string' || timeOf(expires) > clock.now())
  const valid = its.filter(isValid).length
  if (valid > 0)
    return {...step, state: 'yes', what: `${email} has ${valid} valid of ${its.length} tokens.`}
  const what = `${email} has no valid token${its.length > 0 ? ` (${its.length} ended or revoked)` : ''}; a password or another way to sign in makes one.`
  const fix = fixBy('administrator', 'admin', 'user', 'set-password', email)
  return {...step, state: 'unknown', what, ...fix}
}

function timeOf(text: string): number {
  const iso = text.replace(' ', 'T')
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`)
}

function groupsStep({email, groups}: User): WhyStep {
  const names = groups.map(({name}) => name)
  const step = {step: 'groups', ...noFix} as const
  if (names.length > 0) return {...step, state: 'yes', what: `${email} is in ${listed(names)}.`}
  const fix = fixBy('administrator', 'admin', 'group', 'add-member', 'GROUP', email)
  return {...step, state: 'no', what: `${email} is in no group.`, ...fix}
}

async function grantStep(
  user: User,
  table: RegisteredTable,
  deps: WhyForDeps,
  signal: AbortSignal,
): Promise<WhyStep> {
  const {api} = deps
  const step = {step: 'grant', ...noFix} as const
  if (user.isAdmin) return {...step, state: 'yes', what: 'Administrators read every table.'}
  const types = (await api.resourceTypes(signal)).map(({key}) => key)
  const usesPackages = types.includes('data_package')
  const packages = usesPackages ? await packagesWith(table, deps.http, signal) : []
  if (packages === undefined)
    return {
      ...{...step, state: 'unknown'},
      what: 'This server gives tables by data packages, and which of them hold this one could not be read.',
    }
  const [type, ids] = usesPackages
    ? (['data_package', packages] as const)
    : (['table', [table.id]] as const)
  const holders = await holdersOf(api, {type, ids}, signal)
  const own = user.groups.filter(({id}) => holders.has(id)).map(({name}) => name)
  const word = usesPackages ? `a data package with ${table.name}` : table.name
  if (own.length > 0) return {...step, state: 'yes', what: `${listed(own)} may read ${word}.`}
  const others = [...holders.values()]
  const [first] = others
  const fix =
    first !== undefined
      ? fixBy('administrator', 'admin', 'group', 'add-member', first, user.email)
      : ids[0] === undefined
        ? noFix
        : fixBy('administrator', ...['admin', 'grant', 'create'], groupFor(user), type, ids[0])
  const who = others.length > 0 ? `; ${listed(others)} may` : '; nobody else may either'
  return {...step, state: 'no', what: `No group of ${user.email} may read ${word}${who}.`, ...fix}
}

/** A group of their own that is not everybody's; the placeholder of the help where there is none. */
function groupFor({groups}: User): string {
  return groups.find(({isSystem}) => !isSystem)?.name ?? 'GROUP'
}

async function holdersOf(
  api: AdminApi,
  {type, ids}: {type: string; ids: readonly string[]},
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const holders = new Map<string, string>()
  if (ids.length === 0) return holders
  for await (const page of api.grants({resourceType: type}, signal))
    for (const {resourceId, groupId, groupName} of page)
      if (ids.includes(resourceId)) holders.set(groupId, groupName ?? groupId)
  return holders
}

/** Ids of the data packages that hold a table; `undefined` when the server does not tell. */
async function packagesWith(
  table: RegisteredTable,
  http: HttpClient,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const packages = await rowsOf(http, '/api/admin/data-packages', signal)
  if (packages === undefined) return undefined
  const found: string[] = []
  for (const {id} of packages) {
    const known = textField(id)
    if (known === null) continue
    const path = `/api/admin/data-packages/${encodeURIComponent(known)}`
    const tables = await rowsOf(http, path, signal)
    if (tables === undefined) return undefined
    const holds = tables.some((row) => [row.id, row.table_id].includes(table.id))
    if (holds) found.push(known)
  }
  return found
}

/** The rows of a list, bare or under the one key that holds a list; `undefined` when it cannot be had. */
async function rowsOf(
  http: HttpClient,
  path: string,
  signal: AbortSignal,
): Promise<Fields[] | undefined> {
  try {
    const {body} = await http.requestJson('GET', path, {}, signal)
    const list = isFields(body)
      ? (body.tables ?? body.items ?? body.data_packages ?? body.tokens)
      : body
    return Array.isArray(list) ? list.filter(isFields) : undefined
  } catch (error) {
    // Told as "could not be found out": the rest of the chain is worth having.
    if (error instanceof AgnesError && [4, 8].includes(error.exitCode)) return undefined
    throw error
  }
}

function registryStep({name, lastSyncError, registeredBy}: RegisteredTable): WhyStep {
  const step = {step: 'registry', ...noFix} as const
  if (lastSyncError !== null)
    return {
      ...{...step, state: 'no'},
      what: `The last synchronisation of ${name} failed: ${lastSyncError}`,
      ...fixBy('administrator', 'admin', 'sync', 'trigger', name),
    }
  const by = registeredBy === null ? '' : ` by ${registeredBy}`
  return {...step, state: 'yes', what: `${name} is registered${by}.`}
}

function localStep(name: string): WhyStep {
  return {
    ...{step: 'local', state: 'unknown'},
    what: 'Whether it is pulled, only their own computer knows.',
    ...fixBy('them', 'why', name),
  }
}

function summaryOf(email: string, table: string, verdict: WhyResult['verdict']): string {
  if (verdict === 'none') return `${email} cannot read ${table}.`
  if (verdict === 'unknown') return `Whether ${email} can read ${table} could not be found out.`
  return `${email} may read ${table}, ${verdict === 'pull' ? 'once it is pulled' : 'on the server'}.`
}
