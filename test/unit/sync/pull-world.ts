import {createHash} from 'node:crypto'
import {existsSync} from 'node:fs'
import {mkdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {WorkerHasher} from '../../../src/lib/adapters/worker-hasher.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {stderrLogger} from '../../../src/lib/adapters/stderr-logger.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {createDownloader} from '../../../src/lib/download/download.js'
import {downloadFetcher} from '../../../src/lib/sync/download-fetcher.js'
import {pull, type PullDeps, type PullOptions} from '../../../src/lib/sync/pull.js'
import {readSyncState} from '../../../src/lib/sync/sync-state.js'
import {onDatabase, writeParquet} from '../../support/engine.js'
import {MemoryOutput} from '../../support/memory-streams.js'
import {tempDir} from '../../support/temp-dir.js'
import {startTestServer, type TestServer} from '../../support/test-server.js'

export const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const warehouse = new DuckDbWarehouse()
const base = {
  clock: systemClock,
  random: systemRandom,
  logger: stderrLogger(new MemoryOutput(false), systemClock, false),
  limits: {
    ...{parallelism: 4, chunkParallelism: 2, chunkThresholdBytes: 50_000_000},
    // No test is about time: a slow computer is no silent server.
    ...{retries: 0, stallMs: 60_000, runBudgetMs: 60_000, bytesPerSecond: null},
  },
}

/** A one-column Parquet file with the numbers from 1 to `rows`, times `factor`. */
export async function parquet(rows: number, factor = 1): Promise<Buffer> {
  const file = join(await tempDir(), 'x.parquet')
  await writeParquet(`SELECT i * ${factor} AS n FROM range(1, ${rows + 1}) r(i)`, file)
  return readFile(file)
}

/** A scripted server, a workspace and the real adapters between them. */
export async function pullWorld() {
  const root = await tempDir()
  const server = await startTestServer()
  const files = new NodeFiles(root, systemRandom)
  await mkdir(join(root, '.claude'), {recursive: true})
  const http = new GotHttpClient({origin: server.origin, token: 't', userAgent: 'test'})
  const used = {engine: 0, fetcher: 0}
  const deps: PullDeps = {
    files,
    http,
    clock: systemClock,
    lock: new FileLock(join(root, workspacePaths.pullLock), systemClock),
    async fetcher() {
      used.fetcher++
      return downloadFetcher((onProgress) =>
        createDownloader({...base, http, files, hasher: new WorkerHasher(), onProgress}),
      )
    },
    warehouse: async () => (used.engine++, warehouse),
  }
  const run = (over: Partial<PullOptions> = {}, others: Partial<PullDeps> = {}) => {
    const options: PullOptions = {
      ...{
        command: 'test',
        tables: [],
        isMaterializedSkipped: false,
        isVerify: false,
        isPlanOnly: false,
      },
      ...{waitMs: 0, parallelism: 4, onProgress: () => {}},
      ...over,
    }
    return pull({...deps, ...others}, options, new AbortController().signal)
  }
  const publish = publisher(server)
  return {
    root,
    server,
    files,
    deps,
    used,
    run,
    publish,
    here: (path: string) => existsSync(join(root, path)),
    read: (path: string) => readFile(join(root, path)),
    state: async () => (await readSyncState(files)).state,
    sum: async (table: string) => {
      const catalog = join(root, workspacePaths.catalog)
      return Number((await onDatabase(catalog, `SELECT sum(n)::INTEGER FROM ${table}`))[0]![0])
    },
  }
}

type Rows = Record<string, Buffer | Record<string, Buffer> | object>

/** Publishes tables by name: bytes, parts by path, or a row as it stands. */
function publisher(server: TestServer) {
  return (rows: Rows, over: object = {}, options: {etag?: string; notes?: object} = {}) => {
    const tables: Record<string, object> = {}
    for (const [name, value] of Object.entries(rows)) {
      if (Buffer.isBuffer(value)) {
        server.file(`/api/data/${name}/download`, value).optional()
        tables[name] = flatRow(value)
      } else if (Object.values(value).every((item) => Buffer.isBuffer(item))) {
        const parts = value as Record<string, Buffer>
        server
          .on('GET', `/api/data/${name}/download`, ({query}) => {
            const body = parts[query.get('part') ?? '']
            return body ? {status: 200, body} : {status: 404, body: {detail: 'Part not found'}}
          })
          .optional()
        tables[name] = partsRow(parts)
      } else tables[name] = value
    }
    const {etag, notes = {mandatory: [], approved: []}} = options
    server
      .json('/api/sync/manifest', {tables, ...over}, etag === undefined ? {} : {etag})
      .optional()
    server.json('/api/memory/bundle', notes).optional()
  }
}

export function flatRow(bytes: Buffer): object {
  const times = {updated: '2026-01-01T00:00:00', query_mode: 'local', source_type: 'x'}
  return {hash: md5(bytes), size_bytes: bytes.length, rows: 3, ...times}
}

export function partsRow(parts: Record<string, Buffer>): object {
  const list = Object.entries(parts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => ({path, hash: md5(bytes), size_bytes: bytes.length}))
  const rollup = md5(Buffer.from(list.map(({path, hash}) => `${path}:${hash}`).join('\n')))
  return {hash: rollup, size_bytes: 1, rows: 3, query_mode: 'local', parts: list}
}
