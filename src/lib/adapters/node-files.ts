import {createHash} from 'node:crypto'
import {constants, createReadStream} from 'node:fs'
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  type FileHandle,
} from 'node:fs/promises'
import {basename, dirname, isAbsolute, join, relative, resolve, sep} from 'node:path'
import {UnexpectedError} from '../errors.js'
import type {EntryKind, FileFacts, Files, RandomAccessFile} from '../ports/files.js'
import type {Random} from '../ports/random.js'
import {errnoOf, isMissing, translateFileError} from './file-errors.js'
import {entriesOf, factsOf, PLAIN, statMany} from './file-facts.js'
import {randomAccessFile} from './random-access-file.js'

/** Points at which a test may make the disk fail; the real adapter has none set. */
export interface FileFaults {
  beforeWrite?(path: string): void
  beforeRename?(path: string): void
}

/** A temporary file this much older than a later write of the same file belongs to a dead process. */
const ABANDONED_MS = 600_000

export class NodeFiles implements Files {
  readonly root: string

  constructor(
    root: string,
    private readonly random: Random,
    private readonly faults: FileFaults = {},
  ) {
    this.root = resolve(root)
  }

  absolute(path: string): string {
    if (sep === '/' && PLAIN.test(path)) return `${this.root === sep ? '' : this.root}/${path}`
    const target = resolve(this.root, path)
    const inside = relative(this.root, target)
    if (
      inside === '..' ||
      inside.startsWith(`..${sep}`) ||
      isAbsolute(inside) ||
      path.includes('\0')
    )
      throw new UnexpectedError(`The path ${JSON.stringify(path)} leaves ${this.root}.`)
    return target
  }

  async stat(path: string): Promise<FileFacts | undefined> {
    const target = this.absolute(path)
    try {
      return factsOf(await stat(target))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw translateFileError(error, path)
    }
  }

  statMany(paths: readonly string[]): Promise<Map<string, FileFacts>> {
    return statMany(paths, (path) => this.absolute(path))
  }

  async readText(path: string): Promise<string | undefined> {
    const target = this.absolute(path)
    try {
      return await readFile(target, 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw translateFileError(error, path)
    }
  }

  async *readBytes(
    path: string,
    {from, to}: {from: number; to: number},
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    if (to <= from) return
    const options = {start: from, end: to - 1, highWaterMark: 1 << 18}
    try {
      yield* createReadStream(this.absolute(path), {...options, ...(signal ? {signal} : {})})
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw translateFileError(error, path)
    }
  }

  async writeAtomic(
    path: string,
    data: string | Uint8Array,
    options: {mode?: number; isDurable?: boolean} = {},
  ): Promise<void> {
    const target = this.absolute(path)
    const beside = `${target}.${this.random.hex(6)}.tmp`
    const {mode, isDurable = true} = options
    try {
      this.faults.beforeWrite?.(path)
      const kept = isDurable ? (mode ?? (await modeOf(target))) : mode
      const writtenAt = await inFolder(target, mode, () =>
        writeBeside(beside, data, {isDurable, mode: kept}),
      )
      this.faults.beforeRename?.(path)
      await rename(beside, target)
      if (!isDurable) return
      await syncDirectory(dirname(target))
      await removeAbandoned(target, writtenAt)
    } catch (error) {
      // What cannot be cleaned up now is swept by a later write; the first failure is the one to tell.
      await rm(beside, {force: true}).catch(() => undefined)
      throw translateFileError(error, path)
    }
  }

  async append(path: string, data: string, {isDurable = true} = {}): Promise<void> {
    const target = this.absolute(path)
    try {
      this.faults.beforeWrite?.(path)
      const handle = await inFolder(target, undefined, () => open(target, 'a'))
      try {
        await handle.writeFile(data)
        if (isDurable) await handle.datasync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw translateFileError(error, path)
    }
  }

  async install(from: string, to: string): Promise<void> {
    const source = this.absolute(from)
    const target = this.absolute(to)
    try {
      const handle = await open(source, 'r')
      try {
        await handle.datasync()
      } finally {
        await handle.close()
      }
      this.faults.beforeRename?.(to)
      await inFolder(target, undefined, () => rename(source, target))
      await syncDirectory(dirname(target))
    } catch (error) {
      throw translateFileError(error, (await this.stat(from)) ? to : from)
    }
  }

  async createFolder(path: string): Promise<void> {
    try {
      await mkdir(this.absolute(path), {recursive: true})
    } catch (error) {
      throw translateFileError(error, path)
    }
  }

  async list(path: string): Promise<string[]> {
    return [...(await this.entries(path)).keys()]
  }

  entries(path: string): Promise<Map<string, EntryKind>> {
    return entriesOf(this.absolute(path), path)
  }

  async remove(path: string): Promise<void> {
    const target = this.absolute(path)
    if (target === this.root)
      throw new UnexpectedError(`The folder ${this.root} itself is never removed.`)
    try {
      await rm(target, {force: true, recursive: true})
    } catch (error) {
      // A path below something that is not a folder is as absent as can be.
      if (!isMissing(error)) throw translateFileError(error, path)
    }
  }

  async openRandomAccess(path: string, sizeBytes: number): Promise<RandomAccessFile> {
    const target = this.absolute(path)
    let handle: FileHandle | undefined
    try {
      this.faults.beforeWrite?.(path)
      const flags = constants.O_RDWR | constants.O_CREAT
      handle = await inFolder(target, undefined, () => open(target, flags, 0o644))
      await handle.truncate(sizeBytes)
      return randomAccessFile(handle, path)
    } catch (error) {
      await handle?.close()
      throw translateFileError(error, path)
    }
  }

  async md5(path: string, signal?: AbortSignal): Promise<string> {
    const hash = createHash('md5')
    const stream = createReadStream(this.absolute(path), {
      highWaterMark: 1 << 20,
      ...(signal ? {signal} : {}),
    })
    try {
      for await (const chunk of stream) hash.update(chunk as Uint8Array)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw translateFileError(error, path)
    }
    return hash.digest('hex')
  }

  async freeBytes(): Promise<number> {
    let folder = this.root
    for (;;) {
      try {
        const facts = await statfs(folder)
        return facts.bavail * facts.bsize
      } catch (error) {
        const parent = dirname(folder)
        if (!isMissing(error) || parent === folder) throw translateFileError(error, folder)
        folder = parent
      }
    }
  }
}

/** Makes the folder of `target` when the work needs it. Folders of private files are private as well. */
async function inFolder<T>(
  target: string,
  mode: number | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    const isPrivate = mode !== undefined && (mode & 0o077) === 0
    await mkdir(dirname(target), {recursive: true, mode: isPrivate ? 0o700 : 0o777})
    return work()
  }
}

/** Returns the new file's own modification time: the clock its neighbours are measured by. */
async function writeBeside(
  beside: string,
  data: string | Uint8Array,
  options: {mode: number | undefined; isDurable: boolean},
): Promise<number> {
  const handle = await open(beside, 'wx', options.mode ?? 0o644)
  try {
    // `open` cuts the mode by the umask; a file that was shared on purpose stays shared.
    if (options.mode !== undefined) await handle.chmod(options.mode)
    await handle.writeFile(data)
    if (!options.isDurable) return 0
    await handle.sync()
    return (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
  }
}

async function modeOf(target: string): Promise<number | undefined> {
  try {
    return (await stat(target)).mode & 0o777
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** What a killed writer of the same file left beside it. */
async function removeAbandoned(target: string, nowMs: number): Promise<void> {
  const folder = dirname(target)
  const prefix = `${basename(target)}.`
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}\.tmp$/.test(name.slice(prefix.length))) continue
    const path = join(folder, name)
    const facts = await stat(path).catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
    if (facts && nowMs - facts.mtimeMs > ABANDONED_MS) await rm(path, {force: true})
  }
}

/** A rename is durable only once its folder is. Windows cannot open folders; there the rename is enough. */
async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    await handle.sync()
  } catch (error) {
    if (!['EPERM', 'EISDIR', 'EACCES', 'EINVAL'].includes(errnoOf(error))) throw error
  } finally {
    await handle?.close()
  }
}
