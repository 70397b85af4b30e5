import {z} from 'zod/mini'
import type {Files} from '../../lib/ports/files.js'
import type {Logger} from '../../lib/ports/logger.js'

const Entry = z.object({sizeBytes: z.number(), mtimeMs: z.number(), md5: z.string()})
const Document = z.object({format: z.literal(1), files: z.record(z.string(), Entry)})

const FILE = 'state/hashes.json'

/** MD5 of data files, remembered by size and modification time so that a restart hashes nothing twice. */
export interface FileHashes {
  /** `path` is relative to the server folder. */
  of(path: string, signal?: AbortSignal): Promise<{md5: string; sizeBytes: number; mtimeMs: number}>
  /** Writes the memory to disk when it changed; entries not asked for since `openFileHashes` are dropped. */
  save(): Promise<void>
}

export async function openFileHashes(files: Files, logger: Logger): Promise<FileHashes> {
  const known = await read(files, logger)
  const current = new Map<string, z.infer<typeof Entry>>()
  let isChanged = false
  return {
    async of(path, signal) {
      const facts = await files.stat(path)
      if (!facts) throw new Error(`${path} vanished while it was being read`)
      const old = current.get(path) ?? known.get(path)
      const isSame = old?.sizeBytes === facts.sizeBytes && old.mtimeMs === facts.mtimeMs
      const md5 = isSame ? old.md5 : await files.md5(path, signal)
      if (!isSame) isChanged = true
      const entry = {sizeBytes: facts.sizeBytes, mtimeMs: facts.mtimeMs, md5}
      current.set(path, entry)
      return entry
    },
    async save() {
      if (!isChanged && current.size === known.size) return
      const document = {format: 1, files: Object.fromEntries([...current].sort())}
      await files.writeAtomic(FILE, JSON.stringify(document, null, 1) + '\n')
      isChanged = false
    },
  }
}

async function read(files: Files, logger: Logger): Promise<Map<string, z.infer<typeof Entry>>> {
  const text = await files.readText(FILE)
  if (text === undefined) return new Map()
  try {
    return new Map(Object.entries(Document.parse(JSON.parse(text)).files))
  } catch (error) {
    logger.warn('server.hashes_unreadable', {
      file: FILE,
      reason: String(error),
      effect: 'hashing again',
    })
    return new Map()
  }
}
