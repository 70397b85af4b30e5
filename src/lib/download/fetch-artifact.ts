import {AgnesError, IntegrityError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Logger} from '../ports/logger.js'
import type {RunningHash} from './checksum.js'
import type {Artifact, VerifiedFile} from './download.js'
import {TooManyBytes} from './exchange.js'
import {fillPartial, WrongLength, type FillDeps} from './fill-partial.js'
import {readParquetEnvelope} from './parquet-envelope.js'
import {PartialFile} from './partial-file.js'

export interface FetchDeps extends FillDeps {
  files: Files
  logger: Logger
  newHash(artifact: Artifact, path: string): RunningHash
}

export interface FetchOptions {
  artifact: Artifact
  /** Of the partial, relative to the files' root, without ending. */
  stem: string
  onDone(doneBytes: number): void
}

/** Files up to here are not worth a journal: fetching one again costs no more than what a kill may cost. */
export const SMALL_BYTES = 8 * 1024 * 1024
/** Complete reads that came out wrong, after which it is not the network. */
const MAX_WRONG_READS = 2

/** Fetches one artifact into its partial and proves the bytes. A failure keeps what can be taken up later. */
export async function fetchArtifact(
  deps: FetchDeps,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<VerifiedFile> {
  const {artifact, stem} = options
  const {md5, sizeBytes} = artifact
  const partial = await PartialFile.open({
    files: deps.files,
    stem,
    sizeBytes,
    isResumable: md5 !== null && (sizeBytes === null || sizeBytes > SMALL_BYTES),
    newHash: () => deps.newHash(artifact, `${stem}.part`),
  })
  try {
    const verified = await fetchVerified(deps, {...options, partial}, signal)
    await partial.close()
    return verified
  } catch (error) {
    await giveUp(deps, partial, error)
    throw error
  }
}

interface Work extends FetchOptions {
  partial: PartialFile
}

async function fetchVerified(
  deps: FetchDeps,
  work: Work,
  signal: AbortSignal,
): Promise<VerifiedFile> {
  const {partial, artifact} = work
  let resumedBytes = partial.doneBytes
  let receivedBytes = 0
  const wrong: string[] = []
  for (;;) {
    const read = await readOnce(deps, work, {
      signal,
      onReceived: (bytes) => (receivedBytes += bytes),
    })
    const {outcome, md5, serverMd5} = read
    if (outcome === 'right') {
      const {rows} = await readParquetEnvelope({
        sizeBytes: partial.sizeBytes ?? 0,
        read: (position, length) => partial.read(position, length),
      })
      const sizes = {sizeBytes: partial.sizeBytes ?? 0, receivedBytes, resumedBytes}
      return {partialPath: partial.path, ...sizes, md5, serverMd5, rows}
    }
    deps.logger.warn('download.wrong_bytes', {id: artifact.id, found: outcome, resumedBytes})
    // Bytes an earlier run left may be to blame; then the read does not count.
    if (resumedBytes === 0) wrong.push(outcome)
    resumedBytes = 0
    if (wrong.length >= MAX_WRONG_READS) throw wrongBytes(artifact, wrong)
    await partial.reset()
    work.onDone(0)
  }
}

interface Read {
  /** `right`, or what was found instead: the same text means the same wrong content. */
  outcome: string
  md5: string
  serverMd5: string | null
}

/** Completes the partial and compares its hash with the published one, or with the answer's own. */
async function readOnce(
  deps: FetchDeps,
  {partial, artifact, onDone}: Work,
  {signal, onReceived}: {signal: AbortSignal; onReceived(bytes: number): void},
): Promise<Read> {
  let serverMd5: string | null = null
  try {
    const fill = {
      download: {path: artifact.path, query: artifact.query},
      partial,
      isVerifiable: artifact.md5 !== null,
      onServerMd5: (md5: string | null) => (serverMd5 = md5),
      onReceived,
      onMoved: () => onDone(partial.doneBytes),
    }
    await fillPartial(deps, fill, signal)
  } catch (error) {
    const outcome = wrongLength(error)
    if (outcome === undefined) throw error
    return {outcome, md5: '', serverMd5}
  }
  const size = partial.sizeBytes ?? 0
  const [md5] = await Promise.all([
    partial.digest(size),
    size > SMALL_BYTES ? partial.sync() : undefined,
  ])
  signal.throwIfAborted()
  const accepted = [artifact.md5, serverMd5].filter((known) => known !== null)
  const isRight = accepted.length === 0 || accepted.includes(md5)
  return {outcome: isRight ? 'right' : `md5 ${md5}`, md5, serverMd5}
}

function wrongLength(error: unknown): string | undefined {
  if (error instanceof WrongLength) return `${error.announced} bytes`
  if (error instanceof TooManyBytes) return `more than ${error.limit} bytes`
  return undefined
}

function wrongBytes({id, md5, sizeBytes}: Artifact, wrong: string[]): IntegrityError {
  const details = {id, expectedMd5: md5, expectedBytes: sizeBytes, found: wrong}
  if (wrong[0] === wrong[1])
    return new IntegrityError(
      `${id}: the server sends the same bytes twice, and they do not fit the hash it publishes.`,
      {
        code: 'published_hash_stale',
        hint: 'The published hash is stale. Ask an administrator to rebuild the table on the server.',
        details,
      },
    )
  return new IntegrityError(`${id}: the bytes arrived damaged twice, each time differently.`, {
    code: 'checksum_mismatch',
    hint: 'Check the network and any proxy on the way, then run the command again.',
    details,
  })
}

/** Bytes known to be wrong are removed; everything else may be of use to the next run. */
async function giveUp({logger}: FetchDeps, partial: PartialFile, error: unknown): Promise<void> {
  try {
    if (error instanceof IntegrityError) await partial.discard()
    else await partial.keep()
  } catch (later) {
    // A full disk refuses the journal as well. The failure that led here is the one to tell.
    const message = later instanceof AgnesError ? later.code : String(later)
    logger.warn('download.partial_not_kept', {path: partial.path, message})
  }
}
