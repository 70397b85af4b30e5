import {createHash} from 'node:crypto'
import {chmod, mkdir, rm, stat} from 'node:fs/promises'
import {createConnection, createServer, type Socket} from 'node:net'
import {userInfo} from 'node:os'
import {dirname, join} from 'node:path'
import {UnexpectedError, UsageError} from '../errors.js'

/** Longer paths are refused by the system. */
const MAX_PATH = 100

/**
 * Where a socket of this user lies: in `folder`, or in `fallback` where its path would be too long; a
 * named pipe on Windows.
 * @param name such as `daemon`
 */
export function socketPath(folder: string, fallback: Fallback, name: string): string {
  if (process.platform === 'win32') {
    const pipe = `\\\\.\\pipe\\agnes-${userInfo().username}-${markOf(folder)}`
    return name === 'daemon' ? pipe : `${pipe}-${name}`
  }
  const near = join(folder, `${name}.sock`)
  if (Buffer.byteLength(near) <= MAX_PATH) return near
  const other = typeof fallback === 'string' ? fallback : fallback()
  return join(other, `agnes-${markOf(folder)}`, `${name}.sock`)
}

/** A private folder of the user; as a function where finding it out takes time. */
export type Fallback = string | (() => string)

function markOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16)
}

/** Listens where only this user may connect; a socket that is there is replaced. */
export async function listenPrivately(
  path: string,
  onConnection: (socket: Socket) => void,
): Promise<{close(): Promise<void>}> {
  const isFile = process.platform !== 'win32'
  if (isFile) {
    await makePrivate(dirname(path))
    await rm(path, {force: true})
  }
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    onConnection(socket)
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
}

/** `undefined` where nobody listens, or the socket is not this user's. */
export async function connectOurs(path: string): Promise<Socket | undefined> {
  return (await isOurs(path)) ? connect(path) : undefined
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
  return facts !== undefined && facts.isSocket() && facts.uid === process.geteuid?.()
}

/** No socket, nobody behind it, or somebody who was killed before the connection was taken. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.on('error', () => socket.destroy())
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(undefined)
      else reject(new UnexpectedError('The daemon cannot be asked.', {cause: error}))
    })
  })
}
