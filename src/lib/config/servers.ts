import {isAbsolute, join} from 'node:path'
import {z} from 'zod/mini'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import {originIfValid} from './origin.js'
import {readSettings} from './settings.js'

const PATH = 'servers.json'
const Stored = z.object({
  format: z.literal(1),
  servers: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      ca: z.nullable(z.string()),
      addedAt: z.string(),
    }),
  ),
})

/** `servers.json`: servers this account knows by name. `ca` is an absolute path; `addedAt` ISO 8601. */
export type KnownServer = z.infer<typeof Stored>['servers'][number]

/** In the order they were added. `UsageError` (code `servers_damaged`) for a file that cannot be read. */
export async function readServers(config: Files): Promise<KnownServer[]> {
  const text = await config.readText(PATH)
  if (text === undefined) return []
  try {
    return Stored.parse(JSON.parse(text)).servers
  } catch (error) {
    throw new UsageError(`${config.absolute(PATH)} is damaged and was left as it is.`, {
      code: 'servers_damaged',
      hint: 'Move the file away, then name your servers again with `agnes server add`.',
      details: {path: config.absolute(PATH)},
      cause: error,
    })
  }
}

export async function writeServers(config: Files, servers: readonly KnownServer[]): Promise<void> {
  await config.writeAtomic(PATH, JSON.stringify({format: 1, servers}, null, 2) + '\n')
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
