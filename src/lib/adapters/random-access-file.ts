import type {FileHandle} from 'node:fs/promises'
import type {RandomAccessFile} from '../ports/files.js'
import {translateFileError} from './file-errors.js'

/** `path` is what errors call the file. */
export function randomAccessFile(handle: FileHandle, path: string): RandomAccessFile {
  let isOpen = true
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw translateFileError(error, path)
    }
  }
  const writeFully = async (bytes: Uint8Array, position: number) => {
    let done = 0
    while (done < bytes.length) {
      const {bytesWritten} = await handle.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }
  return {
    write: (bytes, position) => guarded(() => writeFully(bytes, position)),
    read: (position, length) =>
      guarded(async () => {
        const bytes = Buffer.allocUnsafe(length)
        let done = 0
        while (done < length) {
          const {bytesRead} = await handle.read(bytes, done, length - done, position + done)
          if (bytesRead === 0) break
          done += bytesRead
        }
        return bytes.subarray(0, done)
      }),
    sync: () => guarded(() => handle.datasync()),
    async close() {
      if (!isOpen) return
      isOpen = false
      await guarded(() => handle.close())
    },
  }
}
