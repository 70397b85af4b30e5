import {createHash} from 'node:crypto'
import {z} from 'zod/mini'
import type {Files} from '../ports/files.js'
import {MANIFEST_PATH, movedManifest} from './read-offer.js'

const RECORD = 'shelf.json'
const TREES = 'trees'

const Record = z.object({
  format: z.literal(1),
  /** How it came. */
  transport: z.enum(['zip', 'git']),
  /** The server's ETag with its quotes, or the commit. */
  version: z.string(),
  /** Folder below `trees`, the hash of all files. */
  tree: z.string(),
  /** What the manifest of that tree offers. */
  offer: z.object({
    plugins: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        description: z.string(),
        folder: z.string(),
      }),
    ),
    refused: z.array(z.object({name: z.string(), reason: z.string()})),
  }),
})
export type ShelfRecord = z.infer<typeof Record>

/** `undefined` when there is none, or when it is damaged: then everything is fetched again. */
export async function readShelf(shelf: Files): Promise<ShelfRecord | undefined> {
  const parsed = Record.safeParse(jsonOf(await shelf.readText(RECORD)))
  if (!parsed.success) return undefined
  const {data: record} = parsed
  return (await shelf.stat(`${TREES}/${record.tree}/${MANIFEST_PATH}`)) ? record : undefined
}

function jsonOf(text = ''): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No record: the schema says so.
    return undefined
  }
}

export function treeHash(files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256')
  for (const path of [...files.keys()].sort()) {
    // Made anew for each request; says nothing about the plugins.
    if (path.startsWith('.agnes/')) continue
    const bytes = files.get(path)!
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex').slice(0, 16)
}

/**
 * Puts new files on the shelf: written beside the old ones under a name of their own, then the manifest
 * is replaced in one step. Whoever reads sees the old plugins or the new ones, never a mixture.
 */
export async function putOnShelf(
  shelf: Files,
  files: ReadonlyMap<string, Buffer>,
  record: ShelfRecord,
  signal?: AbortSignal,
): Promise<void> {
  const folder = `${TREES}/${record.tree}`
  const before = await readShelf(shelf)
  if (before?.tree !== record.tree) {
    await shelf.remove(folder)
    for (const [path, bytes] of files) {
      signal?.throwIfAborted()
      const isScript = bytes.subarray(0, 2).toString('latin1') === '#!'
      await shelf.writeAtomic(`${folder}/${path}`, bytes, {
        mode: isScript ? 0o755 : 0o644,
      })
    }
  }
  await shelf.writeAtomic(MANIFEST_PATH, movedManifest(files, record.offer, folder))
  await shelf.writeAtomic(RECORD, JSON.stringify(record) + '\n')
  for (const name of await shelf.list(TREES))
    if (name !== record.tree) await shelf.remove(`${TREES}/${name}`)
}
