import pLimit from 'p-limit'
import {workspacePaths} from '../config/paths.js'
import {UnexpectedError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Hasher} from '../ports/hasher.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Logger} from '../ports/logger.js'
import type {OnProgress} from '../ports/progress.js'
import type {Random} from '../ports/random.js'
import {BlockPool} from './block-pool.js'
import {inlineHash, threadHash} from './checksum.js'
import {fetchArtifact, SMALL_BYTES, type FetchDeps} from './fetch-artifact.js'
import {RateLimit} from './rate-limit.js'
import {RunState} from './run-state.js'

/**
 * The one way bytes come from the server. Vocabulary: an *artifact* is what is wanted; its *partial*
 * is the file it grows in, named by content hash; the *journal* beside it says which bytes are there;
 * a *lane* is one connection; a *piece* is what a lane asks for at a time.
 *
 * This room must not decide what to fetch, and must not touch an installed file.
 */

export interface Artifact {
  /** Unique within the run, and shown. */
  id: string
  /** Such as `/api/data/orders/download`. */
  path: string
  query?: Record<string, string>
  /** As published; `null` when unknown. */
  sizeBytes: number | null
  /** The content's MD5 as published; `null` when unknown: then only the Parquet envelope is checked. */
  md5: string | null
}

export interface VerifiedFile {
  /** Relative to the files' root, in the partials folder. The caller renames it. */
  partialPath: string
  sizeBytes: number
  /** Of the bytes. */
  md5: string
  /** The hash the answer itself carried (`X-Agnes-Content-MD5`). The bytes fit it or the published one. */
  serverMd5: string | null
  /** Over the wire, repeated bytes included. */
  receivedBytes: number
  /** Taken over from an earlier run. */
  resumedBytes: number
  /** From the Parquet footer. */
  rows: number
}

export interface DownloadLimits {
  /** Files at once. */
  parallelism: number
  /** Ranges of one file at once. */
  chunkParallelism: number
  /** Files above this many bytes are fetched in ranges. */
  chunkThresholdBytes: number
  /** Extra attempts after a failed transfer. */
  retries: number
  /** A transfer with no byte for this long counts as failed. */
  stallMs: number
  /** The longest the run may wait for the server in all. */
  runBudgetMs: number
  /** Of all transfers together; `null` for no limit. */
  bytesPerSecond: number | null
}

export interface DownloadDeps {
  http: HttpClient
  files: Files
  hasher: Hasher
  clock: Clock
  random: Random
  logger: Logger
  onProgress: OnProgress
  limits: DownloadLimits
}

/**
 * Errors of `fetch`: `IntegrityError` for wrong bytes (`checksum_mismatch`, `published_hash_stale`,
 * `not_parquet`, `unstable_object`), `TooLargeError` (`disk_full`), the kinds of `HttpClient`, and the
 * signal's reason. A token that stops working, a moved server, a full disk, or a server that stays away
 * ends the run: every other `fetch`, open or later, rejects with that same error at once.
 */
export interface Downloader {
  fetch(artifact: Artifact, signal: AbortSignal): Promise<VerifiedFile>
  /** Stops the hashing thread. Call it when all fetches have settled. */
  close(): Promise<void>
}

/** Up to here a hash costs less than handing it to the thread. */
const TINY_BYTES = 256 * 1024
/** Bytes hashed in the main thread before the hashing thread is worth its start. */
const INLINE_BUDGET_BYTES = 16 * 1024 * 1024

export function createDownloader(deps: DownloadDeps): Downloader {
  const {limits, files, hasher, random, onProgress} = deps
  const run = new RunState(deps, limits)
  const rate = new RateLimit(deps.clock, limits.bytesPerSecond)
  const limit = pLimit(limits.parallelism)
  const stems = new Map<string, number>()
  let inlineBytes = 0

  const newHash: FetchDeps['newHash'] = ({sizeBytes}, path) => {
    const size = sizeBytes ?? Infinity
    const isInline =
      size <= TINY_BYTES || (size <= SMALL_BYTES && inlineBytes + size <= INLINE_BUDGET_BYTES)
    // In ranges the bytes do not come in order, so they are read back from the file.
    if (!isInline || size > limits.chunkThresholdBytes)
      return threadHash(hasher, files.absolute(path))
    inlineBytes += size
    return inlineHash()
  }
  const fetchDeps: FetchDeps = {...deps, ...limits, run, newHash, rate, pool: new BlockPool()}

  const fetchOne = async (artifact: Artifact, signal: AbortSignal) => {
    signal.throwIfAborted()
    run.signal.throwIfAborted()
    const {id, sizeBytes} = artifact
    const link = linkSignals(signal, run.signal)
    onProgress({kind: 'start', id, title: id, totalBytes: sizeBytes})
    try {
      const stem = `${workspacePaths.partials}/${stemFor(artifact, stems, random)}`
      const onDone = (bytes: number) =>
        onProgress({kind: 'advance', id, doneBytes: Math.min(bytes, sizeBytes ?? bytes)})
      const file = await fetchArtifact(fetchDeps, {artifact, stem, onDone}, link.signal)
      run.noteSuccess()
      onProgress({kind: 'end', id, outcome: 'done'})
      return file
    } catch (error) {
      if (!link.signal.aborted) run.noteFailure(error)
      onProgress({kind: 'end', id, outcome: 'failed'})
      throw error
    } finally {
      link.release()
    }
  }

  return {
    fetch: async (artifact, signal) => limit(fetchOne, known(artifact), signal),
    close: () => hasher.close(),
  }
}

/** An unusable size or hash is an unknown one. */
function known(artifact: Artifact): Artifact {
  const {md5, sizeBytes} = artifact
  if (md5 !== null && !/^[0-9a-f]{32}$/.test(md5))
    throw new UnexpectedError(`The hash of ${JSON.stringify(artifact.id)} is not an MD5.`)
  const isSize = sizeBytes !== null && Number.isSafeInteger(sizeBytes) && sizeBytes > 0
  return {...artifact, sizeBytes: isSize ? sizeBytes : null}
}

/** Content names the partial, so that the next run finds it. Twice the same content gets two partials. */
function stemFor({md5}: Artifact, stems: Map<string, number>, random: Random): string {
  if (md5 === null) return `unknown-${random.hex(8)}`
  const count = (stems.get(md5) ?? 0) + 1
  stems.set(md5, count)
  return count === 1 ? md5 : `${md5}-${count}`
}

/** One signal that follows two, until released. */
function linkSignals(...signals: AbortSignal[]): {signal: AbortSignal; release(): void} {
  const linked = new AbortController()
  const undo = signals.map((signal) => {
    const follow = () => linked.abort(signal.reason)
    if (signal.aborted) follow()
    signal.addEventListener('abort', follow, {once: true})
    return () => signal.removeEventListener('abort', follow)
  })
  return {signal: linked.signal, release: () => undo.forEach((remove) => remove())}
}
