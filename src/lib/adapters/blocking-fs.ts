import * as fs from 'node:fs'

/**
 * Stands in for `node:fs/promises` in `main.cjs` and its short cuts (see `scripts/build/bundle.js`). A
 * hook has nothing else to do while the disk answers, and each hop through a thread costs several times
 * the call; nor does Node load its own promises or start a thread. What a call throws is a rejection here
 * as well.
 */
const promised =
  <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
  async (...args: Args): Promise<Result> =>
    call(...args)

export const chmod = promised(fs.chmodSync)
export const lstat = promised((path: string) => fs.lstatSync(path))
export const mkdir = promised((path: string, options?: fs.MakeDirectoryOptions) =>
  fs.mkdirSync(path, options),
)
export const readFile = promised((path: string, encoding?: 'utf8') =>
  fs.readFileSync(path, encoding),
)
export const readdir = promised((path: string, options?: {withFileTypes: true}) =>
  options ? fs.readdirSync(path, options) : fs.readdirSync(path),
)
export const realpath = promised((path: string) => fs.realpathSync.native(path))
export const rename = promised(fs.renameSync)
export const stat = promised((path: string) => fs.statSync(path))
export const statfs = promised((path: string) => fs.statfsSync(path))
export const utimes = promised(fs.utimesSync)
export const open = promised(
  (path: string, flags: string | number, mode?: number) =>
    new BlockingHandle(fs.openSync(path, flags, mode)),
)

export const rm = promised((path: string, options: fs.RmOptions = {}) => {
  if (options.recursive) return fs.rmSync(path, options)
  try {
    // What removes folders takes time to load.
    fs.unlinkSync(path)
  } catch (error) {
    if (!options.force || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
})

/** What our adapters use of a `FileHandle`. */
export class BlockingHandle {
  constructor(readonly fd: number) {}

  readonly chmod = promised((mode: number) => fs.fchmodSync(this.fd, mode))
  readonly close = promised(() => fs.closeSync(this.fd))
  readonly datasync = promised(() => fs.fdatasyncSync(this.fd))
  readonly stat = promised(() => fs.fstatSync(this.fd))
  readonly sync = promised(() => fs.fsyncSync(this.fd))
  readonly truncate = promised((length: number) => fs.ftruncateSync(this.fd, length))
  readonly writeFile = promised((data: string | Uint8Array) => fs.writeFileSync(this.fd, data))
  readonly read = promised(
    (buffer: Uint8Array, offset: number, length: number, position: number) => ({
      bytesRead: fs.readSync(this.fd, buffer, offset, length, position),
      buffer,
    }),
  )
  readonly write = promised(
    (buffer: Uint8Array, offset: number, length: number, position: number) => ({
      bytesWritten: fs.writeSync(this.fd, buffer, offset, length, position),
      buffer,
    }),
  )
}
