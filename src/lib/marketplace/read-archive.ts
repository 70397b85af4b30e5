import {crc32} from 'node:zlib'
import type {Entry, ZipFile} from 'yauzl'
import {IntegrityError, TooLargeError} from '../errors.js'

/** What an archive may hold, so that a small one cannot become a full disk. */
export interface ArchiveLimits {
  entries: number
  bytesPerFile: number
  bytes: number
  /** Inflated to packed, for entries above `ratioFromBytes`. */
  ratio: number
  ratioFromBytes: number
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 10_000,
  bytesPerFile: 32 << 20,
  bytes: 128 << 20,
  ratio: 200,
  ratioFromBytes: 1 << 20,
}

const FILE_TYPE = 0o170_000
const REGULAR = 0o100_000
const FOLDER = 0o040_000
/** Names that are devices on Windows, whatever their ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

/**
 * The files of a zip archive by path. All of it is refused for one bad entry: a path that leaves the
 * archive, a link, two entries of one name, a wrong checksum (`IntegrityError`), or more than the limits
 * allow (`TooLargeError`).
 */
export async function readArchive(
  bytes: Buffer,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
  signal?: AbortSignal,
): Promise<Map<string, Buffer>> {
  const {default: yauzl} = await import('yauzl')
  const options = {lazyEntries: true, strictFileNames: true, validateEntrySizes: true}
  const archive = await yauzl.fromBufferPromise(bytes, options).catch(notReadable)
  const files = new Map<string, Buffer>()
  const taken = new Set<string>()
  if (archive.entryCount > limits.entries)
    throw tooLarge(`it has ${archive.entryCount} entries`, `${limits.entries}`)
  let total = 0
  try {
    for await (const entry of archive.eachEntry()) {
      signal?.throwIfAborted()
      checkEntry(entry, taken)
      if (entry.fileName.endsWith('/')) continue
      total += entry.uncompressedSize
      checkSize(entry, total, limits)
      files.set(entry.fileName, await inflate(archive, entry))
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw notOurs(error) ? badArchive((error as Error).message, error) : error
  } finally {
    archive.close()
  }
  refuseNesting(files)
  return files
}

function checkEntry(entry: Entry, taken: Set<string>): void {
  const {fileName} = entry
  const parts = fileName.replace(/\/$/, '').split('/')
  for (const part of parts)
    if (
      part === '' ||
      part === '.' ||
      part === '..' ||
      // eslint-disable-next-line no-control-regex -- control characters are what is refused
      /[\u0000-\u001f\u007f\\:]/.test(part) ||
      /[. ]$/.test(part) ||
      DEVICE.test(part)
    )
      throw badArchive(`"${fileName}" is not a name for a file`)
  const key = fileName.replace(/\/$/, '').normalize('NFC').toLowerCase()
  if (taken.has(key)) throw badArchive(`"${fileName}" is in it twice`)
  taken.add(key)
  if (entry.isEncrypted()) throw badArchive(`"${fileName}" is encrypted`)
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE
  const wanted = fileName.endsWith('/') ? FOLDER : REGULAR
  if (type !== 0 && type !== wanted) throw badArchive(`"${fileName}" is a link or a device`)
}

function checkSize(entry: Entry, total: number, limits: ArchiveLimits): void {
  const {fileName, uncompressedSize: size, compressedSize} = entry
  if (size > limits.bytesPerFile)
    throw tooLarge(`"${fileName}" has ${size} bytes`, `${limits.bytesPerFile} bytes a file`)
  if (total > limits.bytes) throw tooLarge(`it holds ${total} bytes`, `${limits.bytes} bytes`)
  if (size > limits.ratioFromBytes && size > compressedSize * limits.ratio)
    throw tooLarge(`"${fileName}" is packed too tightly`, `a ratio of ${limits.ratio}`)
}

async function inflate(archive: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
  const content = Buffer.concat(chunks)
  if (crc32(content) !== entry.crc32) throw badArchive(`"${entry.fileName}" is damaged`)
  return content
}

/** `a` and `a/b` cannot both be files. */
function refuseNesting(files: ReadonlyMap<string, Buffer>): void {
  for (const path of files.keys())
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1))
      if (files.has(path.slice(0, at))) throw badArchive(`"${path}" is inside a file`)
}

/** What yauzl itself throws about the archive. */
function notOurs(error: unknown): boolean {
  return !(error instanceof IntegrityError) && !(error instanceof TooLargeError)
}

function notReadable(error: unknown): never {
  throw badArchive(error instanceof Error ? error.message : String(error), error)
}

function badArchive(reason: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`The marketplace archive was refused: ${reason}.`, {
    code: 'bad_archive',
    hint: 'Nothing was changed. Tell the administrator of the server.',
    ...(cause === undefined ? {} : {cause}),
  })
}

function tooLarge(what: string, limit: string): TooLargeError {
  return new TooLargeError(
    `The marketplace archive was refused: ${what}, more than ${limit} is not taken.`,
    {
      code: 'archive_too_large',
      hint: 'Nothing was changed. Tell the administrator of the server.',
    },
  )
}
