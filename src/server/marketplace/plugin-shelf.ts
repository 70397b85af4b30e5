import {createHash} from 'node:crypto'
import {z} from 'zod/mini'
import type {Files} from '../../lib/ports/files.js'
import type {Logger} from '../../lib/ports/logger.js'

/**
 * The marketplace of the embedded server: plugins for Claude Code that lie in the served folder as
 * `marketplace/<slug>/<plugin>/.claude-plugin/plugin.json`. The *shelf* is all of them, a *tree* the
 * files one person is served. What is on the shelf is shown to nobody without a grant, and no link on it
 * is followed: plugins come from repositories of others.
 */
export interface ShelfPlugin {
  /** `<slug>/<plugin>`: what a grant of type `marketplace_plugin` names. */
  id: string
  slug: string
  /** The folder's name. */
  originalName: string
  /** What Claude Code calls it. */
  name: string
  version: string
  description: string
  /** Paths inside the plugin, with `/`, sorted. */
  files: ReadonlyMap<string, Buffer>
}

const ROOT = 'marketplace'
const SAFE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const MAX_FILES = 2000
const MAX_BYTES = 16 << 20
/** Of the curator and of tools; never served. */
const HIDDEN = new Set(['.git', '.agnes', 'agnes-metadata.json', '.DS_Store'])

const Manifest = z.object({
  name: z.optional(z.string()),
  version: z.optional(z.string()),
  description: z.optional(z.string()),
})

interface Found {
  path: string
  /** A link or a device: nothing is known of it, because it is never looked at. */
  isOther: boolean
  sizeBytes: number
  mtimeMs: number
}

/** Reads the folder when it is asked, and only the plugins in which something moved. */
export class PluginShelf {
  private readonly known = new Map<string, {signature: string; plugin: ShelfPlugin | undefined}>()

  constructor(
    private readonly files: Files,
    private readonly logger: Logger,
  ) {}

  /** Sorted by id. A plugin that cannot be served is logged and left out; the others stay. */
  async plugins(): Promise<ShelfPlugin[]> {
    const plugins: ShelfPlugin[] = []
    for (const slug of await this.folders(ROOT))
      for (const name of await this.folders(`${ROOT}/${slug}`)) {
        const plugin = await this.read(slug, name)
        if (plugin) plugins.push(plugin)
      }
    return plugins
  }

  private async folders(path: string): Promise<string[]> {
    const names: string[] = []
    for (const [name, kind] of await this.files.entries(path))
      if (!SAFE.test(name)) continue
      else if (kind === 'folder') names.push(name)
      else if (kind === 'other') this.refuseLink(`${path}/${name}`.slice(ROOT.length + 1))
    return names
  }

  /** Asked with every request, told once. */
  private refuseLink(id: string): void {
    if (this.known.get(id)?.signature === 'link') return
    this.known.set(id, {signature: 'link', plugin: this.refuse(id, linkReason('it'))})
  }

  private async read(slug: string, folder: string): Promise<ShelfPlugin | undefined> {
    const id = `${slug}/${folder}`
    const found = await this.walk(`${ROOT}/${id}`)
    const signature = JSON.stringify(found)
    const known = this.known.get(id)
    if (known?.signature === signature) return known.plugin
    const plugin = await this.load({slug, folder, id}, found)
    this.known.set(id, {signature, plugin})
    return plugin
  }

  private async walk(folder: string): Promise<Found[]> {
    const found: Found[] = []
    for (const [name, kind] of await this.files.entries(folder)) {
      if (HIDDEN.has(name)) continue
      const path = `${folder}/${name}`
      if (kind === 'folder') found.push(...(await this.walk(path)))
      else if (kind === 'other') found.push({path, isOther: true, sizeBytes: 0, mtimeMs: 0})
      else {
        const facts = await this.files.stat(path)
        if (!facts) continue
        const {sizeBytes, mtimeMs} = facts
        found.push({path, isOther: false, sizeBytes, mtimeMs})
      }
    }
    return found
  }

  private async load(
    {slug, folder, id}: {slug: string; folder: string; id: string},
    found: readonly Found[],
  ): Promise<ShelfPlugin | undefined> {
    const other = found.find(({isOther}) => isOther)?.path.slice(`${ROOT}/${id}/`.length)
    if (other !== undefined) return this.refuse(id, linkReason(other))
    const bytes = found.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)
    if (found.length > MAX_FILES || bytes > MAX_BYTES) return this.refuse(id, 'it is too large')
    const files = new Map<string, Buffer>()
    for (const {path, sizeBytes} of found)
      files.set(path.slice(`${ROOT}/${id}/`.length), await this.bytes(path, sizeBytes))
    const manifest = readManifest(files.get('.claude-plugin/plugin.json'))
    if (!manifest) return this.refuse(id, '.claude-plugin/plugin.json is missing or not readable')
    const name = manifest.name ?? folder
    if (!SAFE.test(name)) return this.refuse(id, 'its name is not one')
    const version = manifest.version ?? `0.0.0-${hashOf(files)}`
    const description = manifest.description ?? ''
    return {id, slug, originalName: folder, name, version, description, files}
  }

  private async bytes(path: string, sizeBytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.files.readBytes(path, {from: 0, to: sizeBytes}))
      chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks)
  }

  private refuse(plugin: string, reason: string): undefined {
    this.logger.warn('plugin left out of the marketplace', {plugin, reason})
    return undefined
  }
}

/** What it leads to may be anything this computer has: it is not for those who have the grant. */
function linkReason(what: string): string {
  return `${what} is a link or a device, which is never followed; put what it leads to in its place`
}

function readManifest(bytes: Buffer | undefined): z.infer<typeof Manifest> | undefined {
  try {
    return Manifest.parse(JSON.parse(bytes?.toString('utf8') ?? ''))
  } catch {
    return undefined
  }
}

function hashOf(files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256')
  for (const [path, bytes] of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  return hash.digest('hex').slice(0, 8)
}
