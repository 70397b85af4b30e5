import type {Socket} from 'node:net'
import {toAgnesError, toErrorDocument, UnreachableError, UsageError} from '../errors.js'
import type {ControlHandler, ControlSocket} from '../ports/control-socket.js'
import {remoteError, type ErrorReply} from './control-error.js'
import {connectOurs, listenPrivately, socketPath, type Fallback} from './private-socket.js'

/** Whoever connects has this long to say what it wants. */
const ASKING_MS = 5000
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/**
 * One line of JSON each way. The socket lies in a folder only this user may enter and is itself 0600;
 * whoever asks checks that it belongs to this user before anything is sent.
 * @param folder the config folder; @param fallback a private folder of the user, for long paths
 */
export function unixControlSocket(folder: string, fallback: Fallback): ControlSocket {
  const path = socketPath(folder, fallback, 'daemon')
  return {
    // The daemon's lock is held: whoever made the socket that is there is gone.
    listen: (handler) => listenPrivately(path, (socket) => void answer(socket, handler)),
    async request(message, timeoutMs, signal) {
      const timeout = AbortSignal.timeout(timeoutMs)
      const stop = signal ? AbortSignal.any([signal, timeout]) : timeout
      const socket = await connectOurs(path)
      if (!socket) return undefined
      try {
        socket.write(JSON.stringify(message) + '\n')
        const line = await readLine(socket, stop)
        signal?.throwIfAborted()
        const reply = line === undefined ? undefined : parseReply(line)
        if (!reply) throw silent()
        if ('error' in reply) throw remoteError(reply)
        return reply.result
      } finally {
        socket.destroy()
      }
    },
  }
}

async function answer(socket: Socket, handler: ControlHandler): Promise<void> {
  const gone = new AbortController()
  socket.on('error', () => socket.destroy())
  socket.once('close', () => gone.abort(silent()))
  const asked = AbortSignal.any([gone.signal, AbortSignal.timeout(ASKING_MS)])
  const line = await readLine(socket, asked)
  if (line === undefined) return void socket.destroy()
  let reply: {result: unknown} | ErrorReply
  try {
    reply = {result: (await handler(parseRequest(line), gone.signal)) ?? null}
  } catch (error) {
    const failure = toAgnesError(error)
    reply = {...toErrorDocument(failure), exitCode: failure.exitCode}
  }
  socket.end(JSON.stringify(reply) + '\n')
}

function parseRequest(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new UsageError('The daemon cannot read this request.', {code: 'unknown_request', cause})
  }
}

/** `undefined` when it is no answer of ours. */
function parseReply(line: string): {result: unknown} | ErrorReply | undefined {
  try {
    const reply: unknown = JSON.parse(line)
    const isReply = typeof reply === 'object' && reply && ('result' in reply || 'error' in reply)
    return isReply ? (reply as {result: unknown} | ErrorReply) : undefined
  } catch {
    // The same as an answer that stopped in the middle.
    return undefined
  }
}

/** The first line; `undefined` when the other side left first, sent too much, or the signal aborted. */
function readLine(socket: Socket, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const finish = (line: string | undefined) => {
      socket.off('data', take)
      socket.off('close', leave)
      signal.removeEventListener('abort', leave)
      resolve(line)
    }
    const leave = () => finish(undefined)
    const take = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_MESSAGE_BYTES) return finish(undefined)
      chunks.push(chunk)
      if (!chunk.includes(10)) return
      const text = Buffer.concat(chunks).toString('utf8')
      finish(text.slice(0, text.indexOf('\n')))
    }
    socket.on('data', take)
    socket.once('close', leave)
    signal.addEventListener('abort', leave, {once: true})
    if (signal.aborted) leave()
  })
}

function silent(): UnreachableError {
  return new UnreachableError('The daemon did not answer.', {
    code: 'daemon_silent',
    hint: 'See what it is doing with `agnes daemon logs`, or run: agnes daemon restart',
  })
}
