import {createHash} from 'node:crypto'
import {UnexpectedError} from '../errors.js'
import type {Hasher} from '../ports/hasher.js'

/** Growth worth a message to the thread. */
const TELL_EVERY_BYTES = 2 * 1024 * 1024

/** MD5 of a partial while it fills. */
export interface RunningHash {
  /** Bytes were handed to the disk. */
  onBytes(bytes: Uint8Array, position: number): void
  /** The file's first `length` bytes are written. */
  onPrefix(length: number): void
  digest(length: number): Promise<string>
  cancel(): void
}

/** In this thread, from memory: for small files that arrive in order. Cheaper than starting a thread. */
export function inlineHash(): RunningHash {
  const hash = createHash('md5')
  let at = 0
  return {
    onBytes(bytes, position) {
      if (position !== at) throw new UnexpectedError(`Bytes at ${position} do not follow ${at}.`)
      hash.update(bytes)
      at += bytes.length
    },
    onPrefix() {},
    async digest(length) {
      if (length !== at) throw new UnexpectedError(`${at} of ${length} bytes were hashed.`)
      return hash.digest('hex')
    },
    cancel() {},
  }
}

/** In the hashing thread, from the file: for big files, filled in any order. */
export function threadHash(hasher: Hasher, absolutePath: string): RunningHash {
  const hash = hasher.begin(absolutePath)
  let told = 0
  return {
    onBytes() {},
    onPrefix(length) {
      if (length - told < TELL_EVERY_BYTES) return
      told = length
      hash.extend(length)
    },
    digest: (length) => hash.digest(length),
    cancel: () => hash.cancel(),
  }
}
