import {createGunzip} from 'node:zlib'
import {pipeline} from 'node:stream/promises'
import {PassThrough} from 'node:stream'
import {temporaryDirectory} from '../config/paths.js'
import {readParquetEnvelope} from '../download/parquet-envelope.js'
import {watchForStall} from '../download/stall-watch.js'
import {AgnesError, IntegrityError, UnreachableError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {ArrowRows} from '../arrow/read-arrow-stream.js'
import type {Files, RandomAccessFile} from '../ports/files.js'
import type {HttpClient, StreamAnswer} from '../ports/http-client.js'
import type {Random} from '../ports/random.js'
import type {Warehouse} from '../ports/warehouse.js'
import {uniqueNames} from '../query/unique-names.js'
import type {ScanBody} from '../wire/scan.js'

export interface FetchDeps {
  files: Files
  http: HttpClient
  clock: Clock
  random: Random
  warehouse: () => Promise<Warehouse>
  /** Silence of the server, once it has begun to answer, that counts as broken off. */
  stallMs: number
  /** Record batches above this many bytes go through a file beside the snapshot. */
  spoolAboveBytes?: number
}

export interface FetchedParquet {
  rows: number
  sizeBytes: number
  /** Of the whole file. */
  md5: string
  /** Bytes of the answer, inflated. */
  receivedBytes: number
  /** What the server says about rows it leaves out for this person. */
  rowScope: string | null
  policyFingerprint: string | null
  policyTableId: string | null
}

/** The engine's share while rows arrive and are written; what does not fit spills to a temporary folder. */
const ENGINE_MEMORY_MB = 160
/** Some warehouses take a quarter of an hour before the first byte. */
const FIRST_BYTE_MS = 960_000
/** A record batch of this size goes through a file, so that memory does not grow with it. */
const SPOOL_ABOVE_BYTES = 64 << 20
const SLICE_BYTES = 2 << 20
const TABLE = 'answer'

/**
 * Asks for a scan and writes its Arrow stream as Parquet at `path` (of the workspace), checked: as many
 * rows as were received, readable footer. The caller removes the file when this fails.
 */
export async function fetchParquet(
  deps: FetchDeps,
  {body, path}: {body: ScanBody; path: string},
  signal: AbortSignal,
): Promise<FetchedParquet> {
  const request = {method: 'POST' as const, body, timeoutMs: FIRST_BYTE_MS}
  const answer = await deps.http.openStream('/api/v2/scan', request, signal)
  refusePage(answer)
  const counter = {bytes: 0}
  const bytes = bodyOf(answer, {deps, counter}, signal)
  const rows = await writeParquet(deps, {bytes, path}, signal).finally(async () => {
    // Whoever stopped before the first row has not closed what it was given: its watch would go on.
    answer.body.destroy()
    await bytes.return(undefined)
  })
  const sizeBytes = await checkFile(deps.files, path, rows)
  const {headers} = answer
  return {
    rows,
    sizeBytes,
    md5: await deps.files.md5(path, signal),
    receivedBytes: counter.bytes,
    rowScope: headers['x-agnes-row-scope'] ?? null,
    policyFingerprint: headers['x-agnes-policy-fingerprint'] ?? null,
    policyTableId: headers['x-agnes-policy-table-id'] ?? null,
  }
}

/** A proxy's page, or an error that came as a success. */
function refusePage({headers, body}: StreamAnswer): void {
  const type = headers['content-type'] ?? ''
  if (!/^(text\/|application\/json)/.test(type)) return
  body.destroy()
  throw new UnreachableError(`The server sent ${type.split(';')[0]} instead of an Arrow stream.`, {
    code: 'unreadable_answer',
    hint: 'A proxy may stand in front of it. Check the server address.',
  })
}

async function writeParquet(
  {files, warehouse, random, spoolAboveBytes = SPOOL_ABOVE_BYTES}: FetchDeps,
  {bytes, path}: {bytes: AsyncIterable<Uint8Array>; path: string},
  signal: AbortSignal,
): Promise<number> {
  const {readArrowStream} = await import('../arrow/read-arrow-stream.js')
  const spool = spoolBeside(path, files, spoolAboveBytes)
  try {
    const rows = await readArrowStream(bytes, spool)
    return await keepRows({files, warehouse, random}, {rows, path}, signal)
  } finally {
    await spool.remove()
  }
}

/** Named as what a killed process leaves, so that it is swept away with it. */
function spoolBeside(path: string, files: Files, aboveBytes: number) {
  const place = path.replace(/\.tmp$/, '0.tmp')
  let file: RandomAccessFile | undefined
  return {
    aboveBytes,
    sliceBytes: SLICE_BYTES,
    async open(sizeBytes: number) {
      file = await files.openRandomAccess(place, sizeBytes)
      return file
    },
    async remove() {
      await file?.close()
      await files.remove(place)
    },
  }
}

async function keepRows(
  {files, warehouse, random}: Pick<FetchDeps, 'files' | 'warehouse' | 'random'>,
  {rows: {columns, batches}, path}: {rows: ArrowRows; path: string},
  signal: AbortSignal,
): Promise<number> {
  const tempDirectory = `${temporaryDirectory()}/agnes-snapshot-${random.hex(8)}`
  // A second thread takes up to 100 MB more while the file is written, for three seconds of a GiB.
  const options = {memoryLimitMb: ENGINE_MEMORY_MB, threads: 1, tempDirectory}
  const session = await (await warehouse()).open({path: ':memory:', access: 'write', ...options})
  try {
    const types = columns.map(({type}, index) => `c${index} ${type}`)
    await session.run(`CREATE TABLE ${TABLE} (${types.join(', ')})`, [], signal)
    await session.append(TABLE, batches, signal)
    const target = {
      path: files.absolute(path),
      nameColumns: () => uniqueNames(columns.map(({name}) => name)),
    }
    return await session.exportParquet(`SELECT * FROM ${TABLE}`, target, signal)
  } finally {
    await session.close()
  }
}

async function checkFile(files: Files, path: string, rows: number): Promise<number> {
  const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0
  const file = await files.openRandomAccess(path, sizeBytes)
  try {
    const read = (position: number, length: number) => file.read(position, length)
    const facts = await readParquetEnvelope({sizeBytes, read})
    if (facts.rows !== rows)
      throw new IntegrityError(`${rows} rows arrived, but ${facts.rows} were written.`, {
        code: 'rows_lost',
        hint: 'Nothing was changed. Run the command again.',
      })
  } finally {
    await file.close()
  }
  return sizeBytes
}

/** The body, inflated where it is compressed, counted, and broken off when the server falls silent. */
async function* bodyOf(
  {headers, body}: StreamAnswer,
  {deps, counter}: {deps: FetchDeps; counter: {bytes: number}},
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'gzip' && encoding !== 'identity') {
    body.destroy()
    throw new UnreachableError(
      `The server sent the answer as ${encoding}, which was not asked for.`,
      {
        code: 'unreadable_answer',
        hint: 'A proxy may have changed the answer. Check the server address.',
      },
    )
  }
  const watch = watchForStall(deps.clock, deps.stallMs, () => body.destroy(stalled(deps.stallMs)))
  const inflated = encoding === 'gzip' ? createGunzip() : new PassThrough()
  const pumped = pipeline(body, inflated, {signal})
  // Told by the reader of `inflated`, which sees the same failure.
  pumped.catch(() => undefined)
  try {
    for await (const chunk of inflated as AsyncIterable<Uint8Array>) {
      counter.bytes += chunk.length
      watch.pause(true)
      yield chunk
      watch.pause(false)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof AgnesError ? error : brokenOff(error)
  } finally {
    watch.stop()
    body.destroy()
  }
}

function stalled(ms: number): UnreachableError {
  return new UnreachableError(`The server fell silent for ${ms / 1000} seconds.`, {
    code: 'stalled',
    hint: 'Nothing was changed. Run the command again.',
  })
}

function brokenOff(cause: unknown): IntegrityError {
  return new IntegrityError('The answer broke off, or cannot be inflated.', {
    code: 'stream_truncated',
    hint: 'Nothing was changed. Run the command again.',
    cause,
  })
}
