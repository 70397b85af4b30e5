/**
 * Servers by name. A server is known once it was added, is the default, or a workspace of this account
 * belongs to it. Nothing here talks to one, and no token is touched.
 */
import type {ConfigFolder} from '../config/one-at-a-time.js'
import {originIfValid, originOf} from '../config/origin.js'
import {changeServers, readServers, type KnownServer} from '../config/servers.js'
import {changeSetting, readRegistry, readSettings, saveServer} from '../config/settings.js'
import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {AgnesError, ConflictError, MissingError, UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {SecretStore} from '../ports/secret-store.js'

export interface ServersContext extends ConfigFolder {
  clock: Clock
  secrets(): Promise<SecretStore[]>
}

export interface ServerEntry {
  /** `null` for a server that has no name here. */
  name: string | null
  url: string
  isDefault: boolean
  /** Extra certificates to trust for it: an absolute path. */
  ca: string | null
  /** Workspaces of this account that belong to it. */
  workspaces: number
  /** Where its token lies; `null` when not signed in. */
  credentialStore: string | null
  email: string | null
  /** Why the sign-in could not be looked up. */
  problem: string | null
}

/** In the order they were added, then those without a name. */
export async function listServers(context: ServersContext): Promise<ServerEntry[]> {
  const {config} = context
  const named = await readServers(config)
  const registry = await readRegistry(config)
  const fallback = originIfValid((await readSettings(config)).server)
  const seen = registry.map(({server}) => originIfValid(server))
  const others = [...new Set([fallback, ...seen])].filter(
    (url): url is string => url !== undefined && !named.some((server) => server.url === url),
  )
  const stores = await context.secrets()
  const entries = [...named, ...others.map((url) => ({name: null, url, ca: null}))]
  return Promise.all(
    entries.map(async ({name, url, ca}) => ({
      name,
      url,
      isDefault: url === fallback,
      ca,
      workspaces: seen.filter((server) => server === url).length,
      ...(await signInOf(stores, url)),
    })),
  )
}

async function signInOf(
  stores: readonly SecretStore[],
  url: string,
): Promise<Pick<ServerEntry, 'credentialStore' | 'email' | 'problem'>> {
  try {
    const found = await findSecret(stores, url)
    if (!found) return {credentialStore: null, email: null, problem: null}
    const email = found.secret.email || decodeToken(found.secret.token).email
    return {credentialStore: found.kind, email, problem: null}
  } catch (error) {
    if (!(error instanceof AgnesError)) throw error
    return {credentialStore: null, email: null, problem: error.message}
  }
}

/** Names a server, or changes name or certificates of a known one. The first one becomes the default. */
export async function addServer(
  context: Pick<ServersContext, 'config' | 'lockAt' | 'clock'>,
  wanted: {url: string; name: string | undefined; ca: string | null},
  signal?: AbortSignal,
): Promise<{server: KnownServer; isNew: boolean; isDefault: boolean}> {
  const url = originOf(wanted.url)
  const name = wanted.name ?? new URL(url).hostname.split('.')[0]?.replace(/[^\w-]/g, '') ?? ''
  if (!/^[A-Za-z][\w-]{0,63}$/.test(name))
    throw new UsageError(`"${name}" cannot be the name of a server.`, {
      code: 'bad_server_name',
      hint: 'Give one of letters, digits, - and _ with --name.',
    })
  const add = (servers: readonly KnownServer[]) => {
    const taken = servers.find((server) => server.name === name && server.url !== url)
    if (taken) throw nameTaken(taken, url)
    const before = servers.find((server) => server.url === url)
    const addedAt = before?.addedAt ?? new Date(context.clock.now()).toISOString()
    const server = {name, url, ca: wanted.ca ?? before?.ca ?? null, addedAt}
    const others = servers.filter((other) => other !== before)
    return {servers: [...others, server], result: {server, isNew: !before}}
  }
  const added = await changeServers(context, add, signal)
  await changeSetting(context, 'server', (now) => now ?? url, signal)
  const fallback = (await readSettings(context.config)).server
  return {...added, isDefault: originIfValid(fallback) === url}
}

function nameTaken({name, url}: KnownServer, wantedUrl: string): ConflictError {
  return new ConflictError(`"${name}" is already the name of ${url}.`, {
    code: 'server_name_taken',
    hint: `Give another name: agnes server add ${wantedUrl} --name NAME`,
    details: {name, url},
  })
}

/** Makes a known server, or any address, the default. */
export async function useServer(
  folder: ConfigFolder,
  reference: string,
  signal?: AbortSignal,
): Promise<{url: string}> {
  const known = (await readServers(folder.config)).find(({name}) => name === reference)
  if (!known && !reference.includes('://')) throw unknown(reference)
  const url = known?.url ?? originOf(reference)
  await saveServer(folder, url, signal)
  return {url}
}

/** Forgets the name; a token stays until `logout`, a workspace keeps its server. */
export async function removeServer(
  folder: ConfigFolder,
  reference: string,
  signal?: AbortSignal,
): Promise<{server: KnownServer; wasDefault: boolean}> {
  const origin = reference.includes('://') ? originIfValid(reference) : undefined
  const remove = (servers: readonly KnownServer[]) => {
    const server = servers.find(({name, url}) => name === reference || url === origin)
    if (!server) throw unknown(reference)
    return {servers: servers.filter((other) => other !== server), result: server}
  }
  const server = await changeServers(folder, remove, signal)
  const unlessIt = (now: string | undefined) =>
    originIfValid(now) === server.url ? undefined : now
  return {server, wasDefault: await changeSetting(folder, 'server', unlessIt, signal)}
}

function unknown(reference: string): MissingError {
  return new MissingError(`No server is called "${reference}".`, {
    code: 'server_not_found',
    hint: 'Run: agnes server list',
    details: {reference},
  })
}
