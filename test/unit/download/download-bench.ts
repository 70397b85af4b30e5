import {createHash} from 'node:crypto'
import {onTestFinished} from 'vitest'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {WorkerHasher} from '../../../src/lib/adapters/worker-hasher.js'
import {NodeFiles, type FileFaults} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {
  createDownloader,
  type Artifact,
  type Downloader,
  type DownloadLimits,
} from '../../../src/lib/download/download.js'
import {AgnesError} from '../../../src/lib/errors.js'
import type {Logger} from '../../../src/lib/ports/logger.js'
import type {ProgressEvent} from '../../../src/lib/ports/progress.js'
import {FakeClock} from '../../support/fake-clock.js'
import {tempDir} from '../../support/temp-dir.js'

export const partials = '.claude/agnes/partials'
export const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

const silent: Logger = {debug() {}, info() {}, warn() {}, error() {}}

export interface Workbench {
  root: string
  files: NodeFiles
  clock: FakeClock
  events: ProgressEvent[]
  downloader: Downloader
  /** Fetches while fake time passes: every wait is over at once. */
  fetch(artifact: Artifact, signal?: AbortSignal): ReturnType<Downloader['fetch']>
  /** The bytes of a partial. */
  read(path: string): Promise<Buffer>
}

export const defaultLimits: DownloadLimits = {
  parallelism: 4,
  chunkParallelism: 4,
  chunkThresholdBytes: 50_000_000,
  retries: 3,
  stallMs: 1e12,
  runBudgetMs: 600_000,
  bytesPerSecond: null,
}

/** A downloader on a real server, real files and fake time. */
export async function workbench(
  origin: string,
  options: {limits?: Partial<DownloadLimits>; root?: string; faults?: FileFaults} = {},
): Promise<Workbench> {
  const root = options.root ?? (await tempDir())
  const files = new NodeFiles(root, systemRandom, options.faults)
  const clock = new FakeClock()
  const events: ProgressEvent[] = []
  const downloader = createDownloader({
    http: new GotHttpClient({origin, token: 'secret', userAgent: 'test'}),
    files,
    hasher: new WorkerHasher(),
    clock,
    random: {...systemRandom, float: () => 0.5},
    logger: silent,
    onProgress: (event) => events.push(event),
    limits: {...defaultLimits, ...options.limits},
  })
  onTestFinished(() => downloader.close())
  return {
    root,
    files,
    clock,
    events,
    downloader,
    fetch: (artifact, signal = new AbortController().signal) =>
      drive(clock, downloader.fetch(artifact, signal)),
    async read(path) {
      const {sizeBytes} = (await files.stat(path)) ?? {sizeBytes: 0}
      const file = await files.openRandomAccess(path, sizeBytes)
      const bytes = await file.read(0, sizeBytes)
      await file.close()
      return Buffer.from(bytes)
    },
  }
}

/** A wait that long is for a silent server: none of these is, a computer may only be slow. */
const PATIENCE_MS = 86_400_000

/** Lets fake time pass until the work is done, as long as somebody waits for nothing else. */
export async function drive<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => void (isOver = true)
  work.then(over, over)
  while (!isOver) {
    await new Promise(setImmediate)
    if (clock.nextWakeMs < PATIENCE_MS) await clock.advance(100)
  }
  return work
}

export async function failureOf(work: Promise<unknown>): Promise<AgnesError> {
  const outcome = await work.then(
    (value) => new Error(`no failure: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!(outcome instanceof AgnesError)) throw outcome
  return outcome
}

export const path = '/api/data/orders/download'

export function artifactOf(bytes: Uint8Array, change: Partial<Artifact> = {}): Artifact {
  return {id: 'orders', path, sizeBytes: bytes.length, md5: md5Of(bytes), ...change}
}
