// A server that sends its whole answer as one record batch, and the memory a snapshot of it takes.
import {once} from 'node:events'
import {createServer} from 'node:http'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {fileURLToPath} from 'node:url'
import {Field, Int64, Message, Schema, Utf8} from 'apache-arrow'
import {BufferRegion, FieldNode, RecordBatch} from 'apache-arrow/ipc/metadata/message'
import {peakMiB} from './measure.js'

const AGNES = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const TEXT_BYTES = 48
const ROW_BYTES = 8 + 4 + TEXT_BYTES
const CHUNK_ROWS = 1 << 16
const ANSWERS = {
  '/api/health': '{"status": "ok", "db_schema": "ok"}',
}

/** Rows of a number and a text, `bytes` long in all. */
export async function bigBatch({folder, bigBatchBytes}) {
  const rows = Math.floor(bigBatchBytes / ROW_BYTES)
  const server = createServer((request, response) => {
    request.resume()
    void answer(request.url, rows, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const env = {
    AGNES_CONFIG_DIR: join(folder, 'config-batch'),
    AGNES_SERVER: `http://127.0.0.1:${server.address().port}`,
    AGNES_TOKEN: 'token',
  }
  try {
    const workspace = join(folder, 'batch')
    const init = ['init', workspace, '--server-url', env.AGNES_SERVER, '--no-pull']
    await peakMiB({argv: [process.execPath, AGNES, ...init], env})
    const create = ['snapshot', 'create', 'big', '--no-estimate', '--force']
    const peak = await peakMiB({argv: [process.execPath, AGNES, ...create], cwd: workspace, env})
    const what = `memory, snapshot of one record batch of ${(bigBatchBytes / 2 ** 30).toFixed(1)} GiB`
    return [[what, `${peak.toFixed(0)} MiB`, '', '', '512 MB']]
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

async function answer(url, rows, response) {
  if (url !== '/api/v2/scan') {
    response.setHeader('content-type', 'application/json')
    return void response.end(ANSWERS[url] ?? '{"tables": [], "count": 0}')
  }
  response.setHeader('content-type', 'application/vnd.apache.arrow.stream')
  // Whoever asked may leave in the middle.
  await pipeline(Readable.from(stream(rows), {objectMode: false}), response).catch(() => undefined)
}

function* stream(rows) {
  const schema = new Schema([new Field('n', new Int64(), true), new Field('t', new Utf8(), true)])
  yield framed(Message.encode(Message.from(schema)))
  const sizes = [0, rows * 8, 0, (rows + 1) * 4, rows * TEXT_BYTES]
  const padded = sizes.map((size) => Math.ceil(size / 8) * 8)
  const regions = sizes.map(
    (size, index) =>
      new BufferRegion(
        padded.slice(0, index).reduce((sum, bytes) => sum + bytes, 0),
        size,
      ),
  )
  const nodes = [new FieldNode(rows, 0), new FieldNode(rows, 0)]
  const bodyBytes = padded.reduce((sum, bytes) => sum + bytes, 0)
  yield framed(Message.encode(Message.from(new RecordBatch(rows, nodes, regions, null), bodyBytes)))
  yield* column(rows, padded[1], (from, count) =>
    BigInt64Array.from({length: count}, (_, row) => BigInt(from + row)),
  )
  yield* column(rows + 1, padded[3], (from, count) =>
    Int32Array.from({length: count}, (_, row) => (from + row) * TEXT_BYTES),
  )
  yield* column(rows, padded[4], (from, count) => {
    const text = Buffer.alloc(count * TEXT_BYTES, '-')
    for (let row = 0; row < count; row++) text.write(String(from + row), row * TEXT_BYTES)
    return text
  })
  yield framed(new Uint8Array(0))
}

function* column(rows, paddedBytes, make) {
  let sent = 0
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const {buffer, byteOffset, byteLength} = make(from, Math.min(CHUNK_ROWS, rows - from))
    sent += byteLength
    yield Buffer.from(buffer, byteOffset, byteLength)
  }
  if (sent < paddedBytes) yield Buffer.alloc(paddedBytes - sent)
}

function framed(metadata) {
  const size = Math.ceil(metadata.length / 8) * 8
  const head = Buffer.alloc(8 + size)
  head.writeUInt32LE(0xffff_ffff)
  head.writeUInt32LE(size, 4)
  head.set(metadata, 8)
  return head
}
