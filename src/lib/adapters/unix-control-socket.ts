import {createHash} from 'node:crypto'
import {chmod, mkdir, rm, stat} from 'node:fs/promises'
import {createConnection, createServer, type Socket} from 'node:net'
import {userInfo} from 'node:os'
import {dirname, join} from 'node:path'
import {
  toAgnesError,
  toErrorDocument,
  UnexpectedError,
  UnreachableError,
  UsageError,
} from '../errors.js'
import type {ControlHandler, ControlSocket} from '../ports/control-socket.js'
import {remoteError, type ErrorReply} from './control-error.js'

/** Longer paths are refused by the system. */
const MAX_PATH = 100
/** Whoever connects has this long to say what it wants. */
const ASKING_MS = 5000
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/**
 * One line of JSON each way. The socket lies in a folder only this user may enter and is itself 0600;
 * whoever asks checks that it belongs to this user before anything is sent.
 * @param folder the config folder; @param fallback a private folder of the user, for long paths
 */
export function unixControlSocket(folder: string, fallback: string): ControlSocket {
  const path = socketPath(folder, fallback)
  return {
    async listen(handler) {
      const isFile = process.platform !== 'win32'
      if (isFile) {
        await makePrivate(dirname(path))
        // The daemon's lock is held: whoever made this one is gone.
        await rm(path, {force: true})
      }
      const open = new Set<Socket>()
      const server = createServer((socket) => {
        open.add(socket)
        socket.once('close', () => open.delete(socket))
        void answer(socket, handler)
      })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        // Bound before `listen` returns: at no moment may anybody else connect.
        const mask = isFile ? process.umask(0o177) : undefined
        server.listen(path, resolve)
        if (mask !== undefined) process.umask(mask)
      })
      if (isFile) await chmod(path, 0o600)
      return {
        async close() {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()))
          for (const socket of open) socket.destroy()
          await closed
        },
      }
    },
    async request(message, timeoutMs, signal) {
      if (!(await isOurs(path))) return undefined
      const timeout = AbortSignal.timeout(timeoutMs)
      const stop = signal ? AbortSignal.any([signal, timeout]) : timeout
      const socket = await connect(path)
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

function socketPath(folder: string, fallback: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\agnes-${userInfo().username}-${name}`
  const near = join(folder, 'daemon.sock')
  return Buffer.byteLength(near) <= MAX_PATH ? near : join(fallback, `agnes-${name}`, 'daemon.sock')
}

/** A folder others may enter could hold a socket of theirs under our name. */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, {recursive: true, mode: 0o700})
  const {uid, mode} = await stat(folder)
  if (uid === userInfo().uid && (mode & 0o022) === 0) return
  throw new UsageError(`${folder} can be written by others: no daemon may answer there.`, {
    code: 'folder_not_private',
    hint: `Take it back with: chmod 700 ${folder}`,
  })
}

async function isOurs(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true
  const facts = await stat(path).catch(() => undefined)
  return facts !== undefined && facts.isSocket() && facts.uid === userInfo().uid
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.on('error', () => socket.destroy())
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ECONNREFUSED'].includes(error.code ?? '')) resolve(undefined)
      else reject(new UnexpectedError('The daemon cannot be asked.', {cause: error}))
    })
  })
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
