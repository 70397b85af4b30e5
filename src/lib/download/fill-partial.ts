import {AgnesError, IntegrityError} from '../errors.js'
import type {Facts, Wanted} from './check-answer.js'
import {exchange, RestartNeeded, type Download, type ExchangeDeps} from './exchange.js'
import {splitIntervals, type Interval} from './intervals.js'
import type {PartialFile} from './partial-file.js'
import type {RateLimit} from './rate-limit.js'
import type {RunState} from './run-state.js'

export interface FillDeps extends ExchangeDeps {
  run: RunState
  rate: RateLimit
  /** Ranges of one file at once. */
  chunkParallelism: number
  /** Files above this many bytes are fetched in ranges. */
  chunkThresholdBytes: number
}

export interface FillOptions {
  download: Download
  partial: PartialFile
  /** The whole content is checked in the end, so two versions cannot be mixed unnoticed. */
  isVerifiable: boolean
  onServerMd5(md5: string | null): void
  onReceived(bytes: number): void
  /** Bytes were written, or given up. */
  onMoved(): void
}

/** The object has another length than the one that was published. */
export class WrongLength extends Error {
  constructor(readonly announced: number) {
    super(`the object has ${announced} bytes`)
  }
}

/** Pieces of a big file: small enough for the hash to follow closely, big enough for the network. */
const MIN_PIECE_BYTES = 8 * 1024 * 1024
const MAX_PIECE_BYTES = 64 * 1024 * 1024
const PIECES_PER_LANE = 8
/** Progress that makes a broken transfer count as a new one. */
const PROGRESS_BYTES = 256 * 1024
const MAX_RESTARTS = 3

/** Fetches what the partial misses. Afterwards its bytes are complete; whether they are right is not known. */
export async function fillPartial(
  deps: FillDeps,
  options: FillOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await fillGaps(deps, options, {isSingle: restarts > 0, signal})
    } catch (error) {
      if (!(error instanceof RestartNeeded)) throw error
      await options.partial.reset()
      options.onMoved()
      if (restarts >= MAX_RESTARTS) throw unstable(options, error)
    }
  }
}

/** A lane is one connection; it takes the lowest piece nobody has, so that the known prefix grows steadily. */
async function fillGaps(
  deps: FillDeps,
  options: FillOptions,
  {isSingle, signal}: {isSingle: boolean; signal: AbortSignal},
): Promise<void> {
  const {partial} = options
  const lanes = isSingle ? 1 : laneCount(deps, partial)
  const pieceBytes = lanes > 1 ? pieceSize(partial.sizeBytes ?? 0, lanes) : Number.MAX_SAFE_INTEGER
  const queue = splitIntervals(partial.gaps(), pieceBytes)
  const group = new AbortController()
  const onAbort = () => group.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, {once: true})
  // The other lanes start once the first answer has named the version they must match.
  let open!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  group.signal.addEventListener('abort', open, {once: true})
  const isRanged = lanes > 1 || partial.doneBytes > 0

  const runLane = async (isFirst: boolean) => {
    if (!isFirst) await opened
    for (let piece = queue.shift(); piece; piece = queue.shift())
      await fillPiece(deps, options, {piece, isRanged, onAnswer: open, signal: group.signal})
  }
  let failure: {error: unknown} | undefined
  const guarded = async (isFirst: boolean) => {
    try {
      await runLane(isFirst)
    } catch (error) {
      failure ??= {error}
      group.abort(error)
    } finally {
      // With nothing left to fetch there is no answer to wait for.
      open()
    }
  }
  await Promise.all(Array.from({length: lanes}, (_, index) => guarded(index === 0)))
  signal.removeEventListener('abort', onAbort)
  if (failure) throw failure.error
}

interface PieceOptions {
  piece: Interval
  isRanged: boolean
  onAnswer(): void
  signal: AbortSignal
}

/** One piece, with retries from where the last attempt ended. */
async function fillPiece(deps: FillDeps, options: FillOptions, work: PieceOptions): Promise<void> {
  const {partial, download} = options
  let cursor = work.piece[0]
  for (let retry = 0; ;) {
    const from = cursor
    const wanted = wantedFrom(partial, work, cursor)
    if (wanted.isRange && wanted.etag === null && !options.isVerifiable && partial.doneBytes > 0)
      throw new RestartNeeded('nothing tells whether the rest belongs to the same version')
    try {
      const sink = {
        onAnswer(facts: Facts, isWhole: boolean) {
          takeAnswer(options, wanted, {facts, isWhole})
          work.onAnswer()
        },
        onBytes: (count: number) => options.onReceived(count),
        async write(block: Uint8Array, position: number) {
          await partial.write(block, position)
          await deps.rate.take(block.length, work.signal)
          cursor = position + block.length
          options.onMoved()
        },
      }
      const received = await exchange(deps, {download, wanted, sink}, work.signal)
      partial.sizeBytes ??= from + received
      return
    } catch (error) {
      work.signal.throwIfAborted()
      if (error instanceof AgnesError && error.code === 'stalled') deps.run.chargeLost(deps.stallMs)
      if (cursor - from >= PROGRESS_BYTES) retry = 0
      await deps.run.waitBeforeRetry(++retry, error, work.signal)
    }
  }
}

function wantedFrom(partial: PartialFile, {piece, isRanged}: PieceOptions, cursor: number): Wanted {
  const {sizeBytes, etag} = partial
  const end = sizeBytes === null ? null : Math.min(piece[1], sizeBytes)
  return {start: cursor, end, sizeBytes, etag, isRange: isRanged || cursor > 0}
}

/** What the headers say about the object, checked against what is known of it. */
function takeAnswer(
  {partial, isVerifiable, onServerMd5}: FillOptions,
  wanted: Wanted,
  {facts, isWhole}: {facts: Facts; isWhole: boolean},
): void {
  if (isWhole && wanted.isRange)
    throw new RestartNeeded('the range was answered with the whole object')
  if (wanted.isRange && facts.etag === null && !isVerifiable)
    throw new RestartNeeded('nothing tells whether all ranges belong to the same version')
  if (isWhole) {
    onServerMd5(facts.serverMd5)
    partial.etag = facts.etag
    const announced = facts.bodyBytes
    // A body that carries its own hash may be another version than the one published a moment ago.
    if (announced !== null && facts.serverMd5 !== null) partial.sizeBytes = announced
    if (announced !== null && partial.sizeBytes !== null && announced !== partial.sizeBytes)
      throw new WrongLength(announced)
  }
  partial.etag ??= facts.etag
  partial.sizeBytes ??= facts.sizeBytes
}

function laneCount(
  {chunkParallelism, chunkThresholdBytes}: FillDeps,
  {sizeBytes}: PartialFile,
): number {
  return sizeBytes !== null && sizeBytes > chunkThresholdBytes ? chunkParallelism : 1
}

function pieceSize(sizeBytes: number, lanes: number): number {
  const even = Math.ceil(sizeBytes / (lanes * PIECES_PER_LANE))
  return Math.min(MAX_PIECE_BYTES, Math.max(MIN_PIECE_BYTES, even), Math.ceil(sizeBytes / lanes))
}

function unstable({download}: FillOptions, cause: RestartNeeded): IntegrityError {
  return new IntegrityError(`The file behind ${download.path} keeps changing: ${cause.message}.`, {
    code: 'unstable_object',
    hint: 'The server may be publishing it right now. Run the command again in a while.',
    cause,
  })
}
