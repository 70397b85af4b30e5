import {once} from 'node:events'
import {statSync} from 'node:fs'
import type {Socket} from 'node:net'
import {Readable} from 'node:stream'
import {InterruptedError} from '../errors.js'
import type {OutputStream} from '../ports/streams.js'
import type {StreamFacts, WarmCall, WarmListener, WarmRequest} from '../ports/query-engine.js'
import {listenPrivately} from './private-socket.js'
import {FRAME, pieces, readFrames, sendFrame, type Frame} from './warm-frames.js'

const ALIVE_EVERY_MS = 1000
const MOST_REQUEST_BYTES = 8 * 1024 * 1024
/** A process that has grown past this gives its place to a new one. */
const SPENT_BYTES = 400 * 1024 * 1024

/**
 * Answers on a socket of this user. One query at a time: a second one in this process would lose the
 * first one's lock on the analyst's catalog when it closes its own, and the working folder is one.
 * @param answer runs the query; the exit code. When it rejects, whoever asked is left without an end.
 */
export async function listenForQueries(
  {path, version}: {path: string; version: string},
  answer: (call: WarmCall) => Promise<number>,
): Promise<WarmListener> {
  const parent = process.ppid
  const state = {
    answered: 0,
    isBusy: false,
    get isSpent() {
      if (process.ppid !== parent || process.memoryUsage.rss() > SPENT_BYTES) return true
      return mark !== null && markOf(path) !== mark
    },
  }
  /** `null` until there is one: whoever connects before is as welcome. */
  let mark: string | undefined | null = null
  const serve = async (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    if (state.isBusy || state.isSpent) {
      sendFrame(socket, FRAME.busy)
      return void socket.end()
    }
    sendFrame(socket, FRAME.ready, Buffer.from(JSON.stringify({version})))
    const frames = readFrames(socket, MOST_REQUEST_BYTES)
    const {value: first} = (await frames.next()) as {value?: Frame}
    if (first?.kind !== FRAME.request) return void socket.destroy()
    if (state.isBusy) {
      sendFrame(socket, FRAME.cold)
      return void socket.end()
    }
    state.isBusy = true
    try {
      if (await run({socket, frames, first}, answer)) state.answered++
    } finally {
      state.isBusy = false
    }
  }
  const listener = await listenPrivately(path, (socket) => {
    // What one connection breaks of it is its own end, not everybody's.
    serve(socket).catch((error: Error) => socket.destroy(error))
  })
  mark = markOf(path)
  return Object.assign(state, {close: () => listener.close()})
}

/** Which socket lies there: an engine of a daemon that died takes ours away when it ends. */
function markOf(path: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const facts = statSync(path, {throwIfNoEntry: false})
  return facts && `${facts.dev} ${facts.ino}`
}

/** False for a query that was given back. */
async function run(
  {socket, frames, first}: {socket: Socket; frames: AsyncGenerator<Frame>; first: Frame},
  answer: (call: WarmCall) => Promise<number>,
): Promise<boolean> {
  const request = JSON.parse(first.payload.toString('utf8')) as WarmRequest
  const stop = new AbortController()
  const ending = new Ending()
  const out = new FramedOutput(socket, FRAME.out, {facts: request.out, ending})
  const err = new FramedOutput(socket, FRAME.err, {facts: request.err, ending})
  void follow(frames, {out, stop})
  const beat = setInterval(() => {
    if (socket.writableLength === 0) sendFrame(socket, FRAME.alive)
  }, ALIVE_EVERY_MS)
  const streams = {in: Readable.from([request.stdin]), out, err}
  try {
    const giveBack = () => void (ending.isGivenBack = true)
    const exitCode = await answer({request, streams, stop: stop.signal, giveBack})
    if (!ending.isGivenBack) sendFrame(socket, FRAME.end, Buffer.from(JSON.stringify({exitCode})))
    // Half an answer cannot be given back: without an end it counts as cut.
    else if (ending.isWritten) socket.destroy()
    else sendFrame(socket, FRAME.cold)
    socket.end()
    return !ending.isGivenBack
  } finally {
    clearInterval(beat)
  }
}

/** What becomes of an answer. */
class Ending {
  isWritten = false
  isGivenBack = false
}

/** Until the other side has gone, which stops the query. */
async function follow(
  frames: AsyncGenerator<Frame>,
  {out, stop}: {out: FramedOutput; stop: AbortController},
): Promise<void> {
  for await (const {kind, payload} of frames) {
    if (kind === FRAME.deaf) out.isReaderGone = true
    if (kind !== FRAME.signal) continue
    stop.abort(new InterruptedError(payload.toString('utf8') === 'SIGTERM' ? 'SIGTERM' : 'SIGINT'))
  }
  stop.abort(new InterruptedError('SIGTERM'))
}

/** A stream of the process that asks. */
class FramedOutput implements OutputStream {
  readonly isTty: boolean
  readonly hasColor: boolean
  readonly columns: number
  isReaderGone = false
  private readonly ending: Ending

  constructor(
    private readonly socket: Socket,
    private readonly kind: number,
    {facts, ending}: {facts: StreamFacts; ending: Ending},
  ) {
    this.isTty = facts.isTty
    this.hasColor = facts.hasColor
    this.columns = facts.columns
    this.ending = ending
  }

  get isClosed(): boolean {
    return this.isReaderGone || this.socket.destroyed
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    for (const piece of pieces(bytes)) {
      if (this.isClosed || this.ending.isGivenBack) return
      this.ending.isWritten = true
      if (!sendFrame(this.socket, this.kind, piece)) await this.drained()
    }
  }

  private async drained(): Promise<void> {
    if (this.socket.destroyed) return
    const settled = new AbortController()
    const until = {signal: settled.signal}
    // A socket that broke is closed, which everybody who writes asks for.
    await Promise.race([once(this.socket, 'drain', until), once(this.socket, 'close', until)])
      .catch(() => this.socket.destroy())
      .finally(() => settled.abort())
  }
}
