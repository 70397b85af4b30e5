import {open, type FileHandle} from 'node:fs/promises'
import type {ServerResponse} from 'node:http'
import {once} from 'node:events'

/** Bytes read and handed to the socket at a time. */
const CHUNK_BYTES = 1 << 20
const POOL_SIZE = 8
const pool: Buffer[] = []

/** An open file and the facts of the very inode its bytes come from. */
export interface OpenedFile {
  handle: FileHandle
  sizeBytes: number
  mtimeMs: number
  /** Quoted decimal nanosecond mtime, as the contract's ETag. */
  etag: string
  /** An HTTP date. */
  lastModified: string
}

/** `undefined` when there is no such regular file. The caller closes `handle`. */
export async function openServed(path: string): Promise<OpenedFile | undefined> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw error
  }
  try {
    const facts = await handle.stat({bigint: true})
    if (facts.isFile())
      return {
        handle,
        sizeBytes: Number(facts.size),
        mtimeMs: Number(facts.mtimeNs) / 1e6,
        etag: `"${facts.mtimeNs}"`,
        lastModified: facts.mtime.toUTCString(),
      }
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}

/**
 * Sends bytes `first..last` of an open file: read into reused buffers, one being filled while the
 * other is on its way, with nothing of the framework in between. Stops quietly when the reader
 * leaves; a file that ends early breaks the connection, so that nobody takes it for complete.
 */
export async function sendBytes(
  file: FileHandle,
  response: ServerResponse,
  range: {first: number; last: number},
): Promise<void> {
  const buffers = [takeBuffer(), takeBuffer()] as const
  let position = range.first
  let turn = 0
  let sent: Promise<void> = Promise.resolve()
  while (position <= range.last && !response.destroyed) {
    const buffer = turn % 2 === 0 ? buffers[0] : buffers[1]
    turn += 1
    const wanted = Math.min(CHUNK_BYTES, range.last - position + 1)
    const {bytesRead} = await file.read(buffer, 0, wanted, position)
    if (bytesRead === 0) {
      response.destroy()
      return
    }
    position += bytesRead
    // Once this write is with the kernel, the other buffer is free to be read into.
    await sent
    sent = accepted(response, buffer.subarray(0, bytesRead))
  }
  await sent
  // Only buffers nobody can still be sending from are used again.
  if (!response.destroyed && pool.length < POOL_SIZE) pool.push(...buffers)
}

function takeBuffer(): Buffer {
  return pool.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
}

function accepted(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('close', done)
      resolve()
    }
    response.once('close', done)
    response.write(bytes, done)
  })
}

/** Ends a response and waits until it is out or the reader has left. */
export async function finish(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  response.end()
  if (!response.writableFinished)
    await Promise.race([once(response, 'finish'), once(response, 'close')])
}
