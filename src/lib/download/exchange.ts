import {IntegrityError, UnreachableError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient, StreamAnswer} from '../ports/http-client.js'
import type {BlockPool} from './block-pool.js'
import {checkAnswer, unreadable, type Facts, type Wanted} from './check-answer.js'
import {pumpBody} from './pump-body.js'
import {watchForStall} from './stall-watch.js'

/** The object must be read from its beginning, without ranges. */
export class RestartNeeded extends Error {}

/** The body goes on after the last byte the object can have. */
export class TooManyBytes extends Error {
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`)
  }
}

export interface ExchangeDeps {
  pool: BlockPool
  http: HttpClient
  clock: Clock
  stallMs: number
}

export interface Download {
  path: string
  query: Record<string, string> | undefined
}

export interface Sink {
  /** The headers are in and may be used; nothing is written yet. `isWhole`: it starts at byte 0. */
  onAnswer(facts: Facts, isWhole: boolean): void | Promise<void>
  onBytes(count: number): void
  write(block: Uint8Array, position: number): Promise<void>
}

const MAGIC = Buffer.from('PAR1')

/** One request and its whole answer. Returns the bytes received; throws what went wrong, named. */
export async function exchange(
  deps: ExchangeDeps,
  {download, wanted, sink}: {download: Download; wanted: Wanted; sink: Sink},
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted()
  const stop = new AbortController()
  const onAbort = () => stop.abort(signal.reason)
  signal.addEventListener('abort', onAbort, {once: true})
  const watch = watchForStall(deps.clock, deps.stallMs, () => stop.abort(stalled(deps)))
  let isDone = false
  try {
    const answer = await deps.http.openStream(
      download.path,
      requestFor(download, wanted),
      stop.signal,
    )
    const {limit, position} = await accept(answer, wanted, sink)
    let received = 0
    const count = await pumpBody(answer.body, position, {
      pool: deps.pool,
      inspect(chunk, at) {
        watch.touch()
        received += chunk.length
        if (limit !== null && received > limit) throw new TooManyBytes(limit)
        if (at < MAGIC.length) checkMagic(chunk, at, answer)
        sink.onBytes(chunk.length)
      },
      write: (block, at) => sink.write(block, at),
      onPause: (isPaused) => watch.pause(isPaused),
    })
    if (limit !== null && count < limit) throw tooShort(count, limit)
    isDone = true
    return count
  } finally {
    watch.stop()
    signal.removeEventListener('abort', onAbort)
    // Whatever is still open (a body nobody wanted) is given up; a finished connection is kept.
    if (!isDone) stop.abort(new UnreachableError('The exchange is over.'))
  }
}

/** Where the body goes and how long it must be. */
async function accept(
  answer: StreamAnswer,
  wanted: Wanted,
  sink: Sink,
): Promise<{limit: number | null; position: number}> {
  answer.body.once('error', () => {
    // The reader of the body is told as well; this one listens while there is none yet.
  })
  const verdict = checkAnswer(wanted, answer.status, answer.headers)
  if (verdict.kind === 'refused') throw verdict.error
  if (verdict.kind === 'restart') throw new RestartNeeded(verdict.why)
  const isWhole = verdict.kind === 'whole'
  await sink.onAnswer(verdict, isWhole)
  return {
    limit: verdict.bodyBytes ?? (isWhole ? wanted.sizeBytes : null),
    position: isWhole ? 0 : wanted.start,
  }
}

function requestFor(download: Download, wanted: Wanted) {
  const headers: Record<string, string> = {}
  if (wanted.isRange) {
    headers.range = `bytes=${wanted.start}-${wanted.end === null ? '' : wanted.end - 1}`
    if (wanted.etag !== null) headers['if-range'] = wanted.etag
  }
  return {headers, ...(download.query ? {query: download.query} : {})}
}

function checkMagic(chunk: Uint8Array, at: number, answer: StreamAnswer): void {
  for (let index = 0; index < chunk.length && at + index < MAGIC.length; index++) {
    if (chunk[index] === MAGIC[at + index]) continue
    if (/html/i.test(answer.headers['content-type'] ?? ''))
      throw unreadable('with a page', answer.headers)
    throw new IntegrityError('The server sent something that is not a Parquet file.', {
      code: 'not_parquet',
    })
  }
}

function stalled({http, stallMs}: ExchangeDeps): UnreachableError {
  return new UnreachableError(`${http.origin} sent nothing for ${stallMs / 1000} s.`, {
    code: 'stalled',
    hint: 'Check the network, then run the command again: what has arrived is kept.',
    details: {origin: http.origin, stallMs},
  })
}

function tooShort(count: number, limit: number): UnreachableError {
  return new UnreachableError(`The server sent ${count} of ${limit} announced bytes.`, {
    code: 'truncated',
  })
}
