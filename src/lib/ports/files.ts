export interface FileFacts {
  sizeBytes: number
  /** Modification time in whole milliseconds. */
  mtimeMs: number
  isDirectory: boolean
}

/** What a name in a folder stands for; a link is `other`, whatever it leads to. */
export type EntryKind = 'file' | 'folder' | 'other'

/** A file of known size that is filled out of order. */
export interface RandomAccessFile {
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Up to `length` bytes at `position`; fewer only where the file ends. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Forces written bytes to the device. */
  sync(): Promise<void>
  /** May be called twice. */
  close(): Promise<void>
}

/**
 * Files below one root. Paths are relative to it, with `/`; a path that leaves the root is a bug and
 * throws `UnexpectedError`. Folders are made on the first write into them, never before.
 * `ENOSPC` arrives as `TooLargeError` (code `disk_full`), `EACCES`/`EPERM`/`EROFS` as `UsageError`,
 * a file that must be there and is not as `MissingError` (code `file_missing`).
 */
export interface Files {
  readonly root: string
  absolute(path: string): string
  stat(path: string): Promise<FileFacts | undefined>
  /** The facts of many paths at little cost each; paths that are not there are absent in the answer. */
  statMany(paths: readonly string[]): Promise<Map<string, FileFacts>>
  /** `undefined` when there is no such file. */
  readText(path: string): Promise<string | undefined>
  /** The bytes from `from` up to, not including, `to`; fewer where the file ends sooner. */
  readBytes(
    path: string,
    range: {from: number; to: number},
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array>
  /**
   * Write beside, fsync, rename, fsync the folder: a reader sees the old file or the new one. A private
   * `mode` (nothing for others) makes the folders created on the way private too; without `mode` an
   * existing file keeps its own. `isDurable: false` leaves out both fsyncs: still atomic for readers
   * and when this process dies, but not when the power does.
   */
  writeAtomic(
    path: string,
    data: string | Uint8Array,
    options?: {mode?: number; isDurable?: boolean},
  ): Promise<void>
  /** Appends and, unless `isDurable: false`, forces to the device. */
  append(path: string, data: string, options?: {isDurable?: boolean}): Promise<void>
  /** Rename over `to` inside the root, both already written; syncs the file and the folder. */
  install(from: string, to: string): Promise<void>
  /** Names directly inside; `[]` when the folder is not there. Sorted. */
  list(path: string): Promise<string[]>
  /** The same with what each is: the way to look into a folder that others fill. */
  entries(path: string): Promise<Map<string, EntryKind>>
  /** Removes a file or a whole folder, never the root itself; no error when absent. */
  remove(path: string): Promise<void>
  /** For writers that do not come through here (the engine). No error when it is there. */
  createFolder(path: string): Promise<void>
  /** Opens for positional reads and writes; created when absent, grown or cut to `sizeBytes`. */
  openRandomAccess(path: string, sizeBytes: number): Promise<RandomAccessFile>
  /** Lower-case hex MD5 of the whole file. */
  md5(path: string, signal?: AbortSignal): Promise<string>
  /** Free bytes for this user on the root's file system. */
  freeBytes(): Promise<number>
}
