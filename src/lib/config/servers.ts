import {isAbsolute, join} from 'node:path'
import {UsageError} from '../errors.js'
import {hasTexts} from './has-texts.js'
import type {Files} from '../ports/files.js'
import {oneAtATime, type ConfigFolder} from './one-at-a-time.js'
import {originIfValid} from './origin.js'
import {readSettings} from './settings.js'

const PATH = 'servers.json'

/**
 * An entry of `servers.json`: a server this account knows by name. `ca` is an absolute path; `addedAt`
 * ISO 8601.
 */
export interface KnownServer {
  name: string
  url: string
  ca: string | null
  addedAt: string
}

/** In the order they were added. `UsageError` (code `servers_damaged`) for a file that cannot be read. */
export async function readServers(config: Files): Promise<KnownServer[]> {
  const text = await config.readText(PATH)
  if (text === undefined) return []
  try {
    return parseServers(text)
  } catch (error) {
    throw new UsageError(`${config.absolute(PATH)} is damaged and was left as it is.`, {
      code: 'servers_damaged',
      hint: 'Move the file away, then name your servers again with `agnes server add`.',
      details: {path: config.absolute(PATH)},
      cause: error,
    })
  }
}

function parseServers(text: string): KnownServer[] {
  const {format, servers} = (JSON.parse(text) ?? {}) as {format?: unknown; servers?: unknown}
  if (format === 1 && Array.isArray(servers) && servers.every(isKnownServer)) return servers
  throw new SyntaxError('This is no list of servers.')
}

function isKnownServer(value: unknown): value is KnownServer {
  if (!hasTexts(value, 'name', 'url', 'addedAt')) return false
  const {ca} = value as Partial<KnownServer>
  return ca === null || typeof ca === 'string'
}

/**
 * Replaces the list by what `change`, which may be asked twice, makes of it at that moment; what it throws
 * leaves all as it is.
 */
export async function changeServers<T>(
  folder: ConfigFolder,
  change: (servers: readonly KnownServer[]) => {servers: readonly KnownServer[]; result: T},
  signal?: AbortSignal,
): Promise<T> {
  const {config} = folder
  // What is refused anyway leaves no trace, not even of a lock.
  change(await readServers(config))
  const work = async () => {
    const {servers, result} = change(await readServers(config))
    await config.writeAtomic(PATH, JSON.stringify({format: 1, servers}, null, 2) + '\n')
    return result
  }
  return oneAtATime(folder, PATH, work, signal)
}

/** The origin that a name or an address stands for; `undefined` when it is neither. */
export async function resolveServer(config: Files, nameOrUrl: string): Promise<string | undefined> {
  if (/^https?:\/\//i.test(nameOrUrl)) return nameOrUrl
  return (await readServers(config)).find(({name}) => name === nameOrUrl)?.url
}

/** Files of certificates to trust for `origin` besides the usual ones, absolute. */
export async function certificateFiles(config: Files, origin: string): Promise<string[]> {
  const own = (await readServers(config)).find(({url}) => originIfValid(url) === origin)?.ca
  const {ca} = await readSettings(config)
  const everywhere = ca === undefined ? [] : [isAbsolute(ca) ? ca : join(config.root, ca)]
  return own ? [own, ...everywhere] : everywhere
}
