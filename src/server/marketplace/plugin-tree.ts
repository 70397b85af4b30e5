import {createHash} from 'node:crypto'
import type {ShelfPlugin} from './plugin-shelf.js'

/** Everything one person is served, as files. The same plugins give the same bytes and the same etag. */
export interface PluginTree {
  /** 16 hex digits, over paths and contents. */
  etag: string
  plugins: readonly ShelfPlugin[]
  /** Sorted by path. */
  files: ReadonlyMap<string, Buffer>
}

export const MARKETPLACE_NAME = 'agnes'

export function pluginTree(plugins: readonly ShelfPlugin[]): PluginTree {
  const served = withoutTwins(plugins)
  const contents = served.flatMap((plugin) =>
    [...plugin.files].map(
      ([path, bytes]) => [`plugins/${directoryOf(plugin)}/${path}`, bytes] as const,
    ),
  )
  const hash = createHash('sha256')
  for (const {name, version, description} of served)
    hash.update(JSON.stringify([name, version, description]))
  for (const [path, bytes] of contents) hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  const etag = hash.digest('hex').slice(0, 16)
  const manifest = {
    name: MARKETPLACE_NAME,
    owner: {name: 'Agnes'},
    metadata: {description: 'Plugins this server offers you', version: etag},
    plugins: served.map((plugin) => ({
      name: plugin.name,
      source: `./plugins/${directoryOf(plugin)}`,
      description: plugin.description,
      version: plugin.version,
    })),
  }
  const text = Buffer.from(JSON.stringify(manifest, null, 2) + '\n')
  const files = [['.claude-plugin/marketplace.json', text] as const, ...contents]
  files.sort(([a], [b]) => (a < b ? -1 : 1))
  return {etag, plugins: served, files: new Map(files)}
}

/** `<slug>-<plugin>`, the plugin's folder in the tree. */
export function directoryOf({slug, originalName}: ShelfPlugin): string {
  return `${slug}-${originalName}`
}

/** Two plugins of one name or one folder cannot stand in one manifest: the first by id stays. */
function withoutTwins(plugins: readonly ShelfPlugin[]): ShelfPlugin[] {
  const taken = new Set<string>()
  return plugins.filter((plugin) => {
    const keys = [`name ${plugin.name}`, `folder ${directoryOf(plugin)}`]
    if (keys.some((key) => taken.has(key))) return false
    for (const key of keys) taken.add(key)
    return true
  })
}
