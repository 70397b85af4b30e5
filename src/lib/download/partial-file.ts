import {z} from 'zod/mini'
import type {Files, RandomAccessFile} from '../ports/files.js'
import type {RunningHash} from './checksum.js'
import {
  addInterval,
  coveredBytes,
  gapsIn,
  prefixLength,
  readIntervals,
  type Interval,
} from './intervals.js'

/** Progress after which the journal is written again. */
const JOURNAL_EVERY_BYTES = 4 * 1024 * 1024
/** Unjournaled bytes at which writing waits for the journal: what a killed process may lose. */
const JOURNAL_LIMIT_BYTES = 6 * 1024 * 1024

/** See docs/on-disk-formats.md. */
const Journal = z.object({
  format: z.literal(1),
  sizeBytes: z.number(),
  etag: z.nullable(z.string()),
  done: z.unknown(),
})

export interface PartialFileOptions {
  files: Files
  /** Relative to the files' root, without ending. */
  stem: string
  sizeBytes: number | null
  /** False: nothing of it survives this process, so it has no journal. */
  isResumable: boolean
  /** Starts a hash of the file at its beginning. */
  newHash(): RunningHash
}

export const partialEnding = '.part'
export const journalEnding = '.json'

/** An unfinished download: a file of known size with holes, and which of its bytes are there. */
export class PartialFile {
  private readonly file: RandomAccessFile
  private readonly options: PartialFileOptions
  private hash: RunningHash
  private done: Interval[]
  private unjournaled = 0
  private hasJournal: boolean
  private journaling: Promise<void> | undefined
  /** The ETag of the object the bytes belong to. */
  etag: string | null
  /** `null` until known. */
  sizeBytes: number | null

  private constructor(
    options: PartialFileOptions,
    file: RandomAccessFile,
    found: Found | undefined,
  ) {
    this.options = options
    this.file = file
    this.done = found?.done ?? []
    this.hasJournal = found !== undefined
    this.etag = found?.etag ?? null
    this.sizeBytes = options.sizeBytes ?? found?.sizeBytes ?? null
    this.hash = options.newHash()
    this.hash.onPrefix(prefixLength(this.done))
  }

  /** Takes up what an earlier process left, where its journal can be trusted; else starts empty. */
  static async open(options: PartialFileOptions): Promise<PartialFile> {
    const found = options.isResumable ? await findEarlier(options) : undefined
    const size = options.sizeBytes ?? found?.sizeBytes ?? 0
    const file = await options.files.openRandomAccess(options.stem + partialEnding, size)
    return new PartialFile(options, file, found)
  }

  get path(): string {
    return this.options.stem + partialEnding
  }

  get doneBytes(): number {
    return coveredBytes(this.done)
  }

  gaps(): Interval[] {
    return gapsIn(this.done, this.sizeBytes ?? Number.MAX_SAFE_INTEGER)
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const {length} = bytes
    this.hash.onBytes(bytes, position)
    await this.file.write(bytes, position)
    this.done = addInterval(this.done, [position, position + length])
    this.hash.onPrefix(prefixLength(this.done))
    if (!this.options.isResumable) return
    this.unjournaled += length
    if (this.unjournaled >= JOURNAL_EVERY_BYTES) this.scheduleJournal()
    if (this.unjournaled >= JOURNAL_LIMIT_BYTES) await this.journaling
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.file.read(position, length)
  }

  digest(length: number): Promise<string> {
    return this.hash.digest(length)
  }

  sync(): Promise<void> {
    return this.file.sync()
  }

  /** Forgets all bytes. No write may be under way. */
  async reset(): Promise<void> {
    await this.journaling
    this.hash.cancel()
    this.done = []
    this.etag = null
    this.sizeBytes = this.options.sizeBytes
    this.unjournaled = 0
    this.hasJournal = false
    if (this.options.isResumable) await this.options.files.remove(this.options.stem + journalEnding)
    this.hash = this.options.newHash()
  }

  /** Closes the file and keeps what can be taken up later: everything, or nothing without a journal. */
  async keep(): Promise<void> {
    if (!this.options.isResumable || this.done.length === 0) return this.discard()
    this.hash.cancel()
    await this.journaling
    await this.file.close()
    try {
      await this.saveJournal()
    } catch (error) {
      // A full disk. An older journal still holds; without one the bytes only take up space.
      if (!this.hasJournal) await this.discard()
      throw error
    }
  }

  /** Closes the file, complete. Its journal stays, so that it survives until it is installed. */
  async close(): Promise<void> {
    const {files, isResumable} = this.options
    this.hash.cancel()
    await this.journaling
    await this.file.close()
    // Another size than was thought when the file was made.
    if (this.sizeBytes !== null && this.sizeBytes !== this.options.sizeBytes)
      await (await files.openRandomAccess(this.path, this.sizeBytes)).close()
    if (isResumable) await this.saveJournal()
  }

  /** Closes the file and removes it. May be called after `keep` or `close`. */
  async discard(): Promise<void> {
    this.hash.cancel()
    await this.journaling
    await this.file.close()
    await this.options.files.remove(this.path)
    await this.options.files.remove(this.options.stem + journalEnding)
  }

  private scheduleJournal(): void {
    this.journaling ??= this.saveJournal().finally(() => (this.journaling = undefined))
    // The failure belongs to the write that waits for the journal or to `keep`.
    this.journaling.catch(() => undefined)
  }

  private async saveJournal(): Promise<void> {
    const {sizeBytes, etag, done, unjournaled} = this
    const text = JSON.stringify({format: 1, sizeBytes, etag, done})
    await this.options.files.writeAtomic(this.options.stem + journalEnding, text, {
      isDurable: false,
    })
    this.unjournaled -= unjournaled
    this.hasJournal = true
  }
}

interface Found {
  done: Interval[]
  etag: string | null
  sizeBytes: number
}

/** A journal that does not fit its file or the wanted size is as good as none. */
async function findEarlier({
  files,
  stem,
  sizeBytes,
}: PartialFileOptions): Promise<Found | undefined> {
  const facts = await files.stat(stem + partialEnding)
  const text = await files.readText(stem + journalEnding)
  if (!facts || facts.isDirectory || text === undefined) return undefined
  const journal = Journal.safeParse(parseJson(text))
  if (!journal.success) return undefined
  const {sizeBytes: size, etag} = journal.data
  const done = readIntervals(journal.data.done, size)
  if (!done || facts.sizeBytes !== size || (sizeBytes !== null && sizeBytes !== size))
    return undefined
  return {done, etag, sizeBytes: size}
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Cut off by a power failure: the same as a journal that says something else.
    return undefined
  }
}
