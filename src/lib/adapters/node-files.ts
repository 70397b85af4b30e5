import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {mkdir, open, readdir, readFile, rename, rm, stat, statfs, type FileHandle} from 'node:fs/promises'
import {dirname, isAbsolute, relative, resolve} from 'node:path'
import {TooLargeError, UnexpectedError, UsageError} from '../errors.js'
import type {FileFacts, Files, RandomAccessFile} from '../ports/files.js'
import type {Random} from '../ports/random.js'

/** Points at which a test may make the disk fail; the real adapter has none set. */
export interface FileFaults {
  beforeWrite?(path: string): void
  beforeRename?(path: string): void
}

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
    const target = resolve(this.root, path)
    const inside = relative(this.root, target)
    if (inside.startsWith('..') || isAbsolute(inside))
      throw new UnexpectedError(`The path ${path} leaves ${this.root}.`)
    return target
  }

  async stat(path: string): Promise<FileFacts | undefined> {
    try {
      const facts = await stat(this.absolute(path))
      return {
        sizeBytes: facts.size,
        mtimeMs: Math.trunc(facts.mtimeMs),
        isDirectory: facts.isDirectory(),
      }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw translate(error, path)
    }
  }

  async readText(path: string): Promise<string | undefined> {
    try {
      return await readFile(this.absolute(path), 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw translate(error, path)
    }
  }

  async writeAtomic(path: string, data: string | Uint8Array, options: {mode?: number} = {}): Promise<void> {
    const target = this.absolute(path)
    const beside = `${target}.${this.random.hex(6)}.tmp`
    const mode = options.mode ?? 0o644
    try {
      await mkdir(dirname(target), {recursive: true, mode: (mode & 0o077) === 0 ? 0o700 : 0o777})
      this.faults.beforeWrite?.(path)
      const handle = await open(beside, 'wx', mode)
      try {
        await handle.writeFile(data)
        await handle.sync()
      } finally {
        await handle.close()
      }
      this.faults.beforeRename?.(path)
      await rename(beside, target)
      await syncDirectory(dirname(target))
    } catch (error) {
      await rm(beside, {force: true})
      throw translate(error, path)
    }
  }

  async append(path: string, data: string): Promise<void> {
    const target = this.absolute(path)
    try {
      await mkdir(dirname(target), {recursive: true})
      this.faults.beforeWrite?.(path)
      const handle = await open(target, 'a')
      try {
        await handle.writeFile(data)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw translate(error, path)
    }
  }

  async install(from: string, to: string): Promise<void> {
    const target = this.absolute(to)
    try {
      await mkdir(dirname(target), {recursive: true})
      this.faults.beforeRename?.(to)
      await rename(this.absolute(from), target)
      await syncDirectory(dirname(target))
    } catch (error) {
      throw translate(error, to)
    }
  }

  async list(path: string): Promise<string[]> {
    try {
      return (await readdir(this.absolute(path))).sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw translate(error, path)
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await rm(this.absolute(path), {force: true, recursive: true})
    } catch (error) {
      throw translate(error, path)
    }
  }

  async openRandomAccess(path: string, sizeBytes: number): Promise<RandomAccessFile> {
    const target = this.absolute(path)
    try {
      await mkdir(dirname(target), {recursive: true})
      this.faults.beforeWrite?.(path)
      const handle = await open(target, await flagsFor(target))
      await handle.truncate(sizeBytes)
      return randomAccess(handle, path)
    } catch (error) {
      throw translate(error, path)
    }
  }

  async md5(path: string, signal?: AbortSignal): Promise<string> {
    const hash = createHash('md5')
    const stream = createReadStream(this.absolute(path), {highWaterMark: 1 << 20, ...(signal ? {signal} : {})})
    try {
      for await (const chunk of stream) hash.update(chunk as Uint8Array)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw translate(error, path)
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
        if (!isMissing(error) || parent === folder) throw translate(error, folder)
        folder = parent
      }
    }
  }
}

/** Keeps the bytes of an existing file, creates an absent one. */
async function flagsFor(target: string): Promise<'r+' | 'w+'> {
  return (await stat(target).catch(() => undefined)) ? 'r+' : 'w+'
}

function randomAccess(handle: FileHandle, path: string): RandomAccessFile {
  let isOpen = true
  return {
    async write(bytes, position) {
      let done = 0
      try {
        while (done < bytes.length) {
          const {bytesWritten} = await handle.write(bytes, done, bytes.length - done, position + done)
          done += bytesWritten
        }
      } catch (error) {
        throw translate(error, path)
      }
    },
    async sync() {
      try {
        await handle.datasync()
      } catch (error) {
        throw translate(error, path)
      }
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      await handle.close()
    },
  }
}

/** A rename is durable only once its folder is. Windows cannot open folders; there the rename is enough. */
async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    await handle.sync()
  } catch (error) {
    if (!['EPERM', 'EISDIR', 'EACCES', 'EINVAL'].includes(codeOf(error))) throw error
  } finally {
    await handle?.close()
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? ''
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
}

/** File-system failures as errors a person can act on. */
function translate(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new TooLargeError(`The disk is full: ${path} could not be written.`, {
      code: 'disk_full',
      hint: 'Free some space (agnes disk-info shows what agnes uses), then run the command again.',
      details: {path},
      cause: error,
    })
  if (['EACCES', 'EPERM', 'EROFS'].includes(code))
    return new UsageError(`No permission to use ${path} (${code}).`, {
      code: 'no_permission',
      hint: 'Check who owns the folder and whether it is read-only.',
      details: {path, errno: code},
      cause: error,
    })
  return error
}
