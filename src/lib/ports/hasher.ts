/**
 * MD5 of a file while it is still being written, off the main thread. The bytes are read back from
 * the file, so they may be written in any order as long as the known prefix only grows.
 */
export interface Hasher {
  /** A hash of the file at this absolute path, which is opened with the first `extend` or `digest`. */
  begin(path: string): FileHash
  /** Stops the thread. Hashes still open reject. May be called twice. */
  close(): Promise<void>
}

export interface FileHash {
  /** The first `length` bytes are final; they may be read at any time from now on. */
  extend(length: number): void
  /**
   * Lower-case hex MD5 of the first `length` bytes. Rejects with `IntegrityError` (code
   * `file_too_short`) where the file ends earlier, and with `UnexpectedError` when it cannot be read.
   */
  digest(length: number): Promise<string>
  /** Forgets the hash. May be called at any time, also after `digest`. */
  cancel(): void
}
