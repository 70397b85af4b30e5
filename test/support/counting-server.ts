import {createHash} from 'node:crypto'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
// eslint-disable-next-line agnes/no-sleeps -- the server is slow on purpose; nobody waits for it by time
import {setTimeout as delay} from 'node:timers/promises'
import {onTestFinished} from 'vitest'

export interface PublishedFile {
  table: string
  /** `null` for a table of one file. */
  part: string | null
  bytes: Buffer
}

/** A server of tables that counts the data it hands to the network, and tells as it goes. */
export interface CountingServer {
  readonly origin: string
  /** Data bytes sent since the last `publish`. */
  readonly sentBytes: number
  /** `table` or `table/part` of every data request since the last `publish`. */
  readonly asked: readonly string[]
  /** Replaces everything that is published. */
  publish(files: readonly PublishedFile[]): void
  /** Resolves when this many data bytes were sent since the last `publish`. */
  sent(bytes: number): Promise<void>
}

/** Small enough that a kill can fall between any two. */
const CHUNK_BYTES = 64 * 1024

/** @param pace how data leaves: in pieces of `chunkBytes`, with `pauseMs` after each */
export async function startCountingServer(
  pace: {chunkBytes: number; pauseMs: number} = {chunkBytes: CHUNK_BYTES, pauseMs: 0},
): Promise<CountingServer> {
  let files: readonly PublishedFile[] = []
  let sentBytes = 0
  let asked: string[] = []
  let waiting: {bytes: number; wake: () => void}[] = []
  const count = (bytes: number) => {
    sentBytes += bytes
    for (const waiter of waiting) if (sentBytes >= waiter.bytes) waiter.wake()
    waiting = waiting.filter(({bytes: wanted}) => sentBytes < wanted)
  }
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const table = /^\/api\/data\/([^/]+)\/download$/.exec(url.pathname)?.[1]
    if (table === undefined) return sendJson(response, answerFor(url.pathname, files))
    const part = url.searchParams.get('part')
    const file = files.find((other) => other.table === table && other.part === part)
    if (!file) return sendJson(response, undefined)
    asked.push(part === null ? table : `${table}/${part}`)
    void sendFile(file.bytes, {request, response, count, pace})
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.close()
    http.closeAllConnections()
  })
  return {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get sentBytes() {
      return sentBytes
    },
    get asked() {
      return asked
    },
    publish(next) {
      files = next
      sentBytes = 0
      asked = []
    },
    sent: (bytes) =>
      new Promise((wake) => (sentBytes >= bytes ? wake() : void waiting.push({bytes, wake}))),
  }
}

function answerFor(path: string, files: readonly PublishedFile[]): object | undefined {
  if (path === '/api/memory/bundle') return {mandatory: [], approved: []}
  if (path !== '/api/sync/manifest') return undefined
  const tables: Record<string, object> = {}
  for (const name of new Set(files.map(({table}) => table)))
    tables[name] = rowOf(files.filter(({table}) => table === name))
  return {tables}
}

function rowOf(files: readonly PublishedFile[]): object {
  const [first] = files
  if (first && first.part === null)
    return {hash: md5(first.bytes), size_bytes: first.bytes.length, rows: null, query_mode: 'local'}
  const parts = files
    .map(({part, bytes}) => ({path: part ?? '', hash: md5(bytes), size_bytes: bytes.length}))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const rollup = parts.map(({path, hash}) => `${path}:${hash}`).join('\n')
  return {hash: md5(Buffer.from(rollup)), size_bytes: 0, rows: null, query_mode: 'local', parts}
}

const hashes = new WeakMap<Buffer, string>()

function md5(bytes: Buffer): string {
  const known = hashes.get(bytes) ?? createHash('md5').update(bytes).digest('hex')
  hashes.set(bytes, known)
  return known
}

function sendJson(response: ServerResponse, body: object | undefined): void {
  response.writeHead(body ? 200 : 404, {'content-type': 'application/json'})
  response.end(JSON.stringify(body ?? {detail: 'Page not found'}))
}

async function sendFile(
  bytes: Buffer,
  exchange: {
    request: IncomingMessage
    response: ServerResponse
    count(bytes: number): void
    pace: {chunkBytes: number; pauseMs: number}
  },
): Promise<void> {
  const {request, response, count, pace} = exchange
  const etag = `"${md5(bytes)}"`
  const wanted = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const ifRange = request.headers['if-range']
  const isRange = wanted !== null && (ifRange === undefined || ifRange === etag)
  const start = isRange ? Number(wanted[1]) : 0
  const end =
    isRange && wanted[2] !== '' ? Math.min(Number(wanted[2]) + 1, bytes.length) : bytes.length
  const range = {'content-range': `bytes ${start}-${end - 1}/${bytes.length}`}
  response.writeHead(isRange ? 206 : 200, {
    ...{'content-length': end - start, etag, 'accept-ranges': 'bytes'},
    ...(isRange ? range : {}),
  })
  for (let at = start; at < end && !response.destroyed; at += pace.chunkBytes) {
    const chunk = bytes.subarray(at, Math.min(at + pace.chunkBytes, end))
    const isTaken = response.write(chunk)
    count(chunk.length)
    if (pace.pauseMs > 0) await delay(pace.pauseMs)
    if (!isTaken)
      await new Promise<void>((resolve) => {
        const go = () => {
          response.off('drain', go).off('close', go)
          resolve()
        }
        response.once('drain', go).once('close', go)
      })
  }
  response.end()
}
