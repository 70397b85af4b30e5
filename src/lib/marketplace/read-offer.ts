import {z} from 'zod/mini'
import {IntegrityError} from '../errors.js'
import type {Offer, OfferedPlugin, RefusedPlugin} from './marketplace-model.js'

export const MANIFEST_PATH = '.claude-plugin/marketplace.json'

/** A name becomes an argument and a folder: one safe word, which cannot pass for a flag. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}$/
const FOLDER = /^(?:\.\/)?((?:[^/\\:]+\/)*[^/\\:]+)\/?$/

const Manifest = z.looseObject({plugins: z.array(z.unknown())})
const Entry = z.looseObject({
  name: z.string(),
  source: z.optional(z.unknown()),
  version: z.optional(z.unknown()),
  description: z.optional(z.unknown()),
})

/** The manifest of a marketplace, each plugin judged by itself. `IntegrityError` when it is none. */
export function readOffer(files: ReadonlyMap<string, Buffer>): Offer {
  const plugins: OfferedPlugin[] = []
  const refused: RefusedPlugin[] = []
  for (const value of parseManifest(files).plugins) {
    const entry = Entry.safeParse(value)
    if (!entry.success) refused.push({name: '?', reason: 'it has no name'})
    else {
      const read = readEntry(entry.data, files)
      const isTwice = plugins.some(({name}) => name === entry.data.name)
      if (typeof read === 'string') refused.push({name: entry.data.name, reason: read})
      else if (isTwice) refused.push({name: entry.data.name, reason: 'it is listed twice'})
      else plugins.push(read)
    }
  }
  return {plugins, refused}
}

/** The manifest with every source moved below `folder`; plugins that were refused are left out. */
export function movedManifest(
  files: ReadonlyMap<string, Buffer>,
  {plugins}: Offer,
  folder: string,
): string {
  const manifest = parseManifest(files)
  const entries = plugins.map((plugin) => {
    const entry = manifest.plugins.find(
      (value) => Entry.safeParse(value).data?.name === plugin.name,
    )
    return {...(entry as object), source: `./${folder}/${plugin.folder}`}
  })
  return JSON.stringify({...manifest, plugins: entries}, null, 2) + '\n'
}

function parseManifest(files: ReadonlyMap<string, Buffer>): z.infer<typeof Manifest> {
  const text = files.get(MANIFEST_PATH)?.toString('utf8')
  try {
    return Manifest.parse(JSON.parse(text ?? ''))
  } catch (cause) {
    throw new IntegrityError(
      text === undefined
        ? 'The marketplace has no manifest.'
        : 'The manifest of the marketplace cannot be read.',
      {
        code: 'bad_marketplace',
        hint: 'Nothing was changed. Tell the administrator of the server.',
        cause,
      },
    )
  }
}

function readEntry(
  {name, source, version, description}: z.infer<typeof Entry>,
  files: ReadonlyMap<string, Buffer>,
): OfferedPlugin | string {
  if (!NAME.test(name)) return 'its name is not one word'
  if (typeof version !== 'string') return 'it has no version'
  if (!VERSION.test(version)) return 'its version is not one'
  const folder = typeof source === 'string' ? FOLDER.exec(source)?.[1] : undefined
  if (folder === undefined || folder.split('/').some((part) => /^\.+$/.test(part)))
    return 'its files are not in this archive'
  if (![...files.keys()].some((path) => path.startsWith(`${folder}/`))) return 'its folder is empty'
  const about = typeof description === 'string' ? description : ''
  return {name, version, description: about, folder}
}
