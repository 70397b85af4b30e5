import {basename, dirname, resolve, sep} from 'node:path'
import {workspacePaths} from '../config/paths.js'
import {UsageError} from '../errors.js'
import type {Files, RandomAccessFile} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {Random} from '../ports/random.js'

export interface OutFileDeps {
  folders: Folders
  random: Random
  filesAt(root: string): Files
}

const READ_BYTES = 1 << 20

/** What a query must never write over: the tables, the catalog, the snapshots, our own records. */
const PROTECTED = [
  'server',
  'user/duckdb',
  workspacePaths.snapshots,
  '.claude',
  workspacePaths.claudeMd,
]

/**
 * A file that appears whole or not at all: written beside its place, renamed over it at the end. `ENOSPC`
 * arrives as `TooLargeError` (code `disk_full`).
 */
export class OutFile {
  private file: RandomAccessFile | undefined
  private sizeBytes = 0

  private constructor(
    private readonly files: Files,
    private readonly name: string,
    private readonly besideName: string,
  ) {}

  /** @param path as given; relative to `currentDir` */
  static async prepare(
    path: string,
    {currentDir, workspaceRoot}: {currentDir: string; workspaceRoot: string},
    deps: OutFileDeps,
  ): Promise<OutFile> {
    const target = await deps.folders.realPath(resolve(currentDir, path))
    await refuseUnfit(path, target, {workspaceRoot, folders: deps.folders})
    const name = basename(target)
    return new OutFile(deps.filesAt(dirname(target)), name, `.${name}.${deps.random.hex(6)}.tmp`)
  }

  /** Absolute. */
  get path(): string {
    return this.files.absolute(this.name)
  }

  /** Absolute; for a writer that does not come through `write`. */
  get besidePath(): string {
    return this.files.absolute(this.besideName)
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    this.file ??= await this.files.openRandomAccess(this.besideName, 0)
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    await this.file.write(bytes, this.sizeBytes)
    this.sizeBytes += bytes.length
  }

  /** What has been written beside, in pieces. */
  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const facts = await this.files.stat(this.besideName)
    this.file ??= await this.files.openRandomAccess(this.besideName, facts?.sizeBytes ?? 0)
    for (let at = 0; at < (facts?.sizeBytes ?? 0); at += READ_BYTES) {
      signal.throwIfAborted()
      yield this.file.read(at, READ_BYTES)
    }
  }

  /** Puts the file in its place. */
  async commit(): Promise<void> {
    const facts = await this.files.stat(this.besideName)
    this.file ??= await this.files.openRandomAccess(this.besideName, facts?.sizeBytes ?? 0)
    await this.file.sync()
    await this.file.close()
    await this.files.install(this.besideName, this.name)
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.file?.close()
    await this.files.remove(this.besideName)
  }
}

async function refuseUnfit(
  path: string,
  target: string,
  {workspaceRoot, folders}: {workspaceRoot: string; folders: Folders},
): Promise<void> {
  const kind = await folders.kindOf(target)
  if (kind === 'folder' || kind === 'other')
    throw new UsageError(`${path} is not a file to write to.`, {
      code: 'out_not_a_file',
      hint: 'Name a file with --out, such as --out answer.csv.',
      details: {path: target},
    })
  if ((await folders.kindOf(dirname(target))) !== 'folder')
    throw new UsageError(`The folder ${dirname(target)} is not there.`, {
      code: 'out_no_folder',
      hint: 'Make the folder first, or name another one with --out.',
      details: {path: target},
    })
  for (const part of PROTECTED) {
    const kept = (await folders.realPath(resolve(workspaceRoot, part))).toLowerCase()
    const folded = target.toLowerCase()
    if (folded !== kept && !folded.startsWith(kept + sep)) continue
    throw new UsageError(
      `${path} belongs to the workspace's own data, which a query never changes.`,
      {
        code: 'out_protected',
        hint: `Name a file outside ${part}.`,
        details: {path: target},
      },
    )
  }
}
