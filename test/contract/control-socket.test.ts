import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {chmod, mkdir, readdir, stat, writeFile} from 'node:fs/promises'
import {createConnection, createServer} from 'node:net'
import {dirname, join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {unixControlSocket} from '../../src/lib/adapters/unix-control-socket.js'
import {
  type AgnesError,
  AuthError,
  BusyError,
  ConflictError,
  ForbiddenError,
  IntegrityError,
  InterruptedError,
  MissingError,
  PartialError,
  QueryError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UnexpectedError,
  UnreachableError,
  UsageError,
} from '../../src/lib/errors.js'
import type {ControlHandler} from '../../src/lib/ports/control-socket.js'
import {tempDir} from '../support/temp-dir.js'

const PATIENCE_MS = 5000
const echo: ControlHandler = async (message) => ({said: message})

/** A daemon's side that answers, and the path it answers on. */
async function listening(handler: ControlHandler = echo) {
  const folder = await tempDir()
  const socket = unixControlSocket(folder, await tempDir())
  const listener = await socket.listen(handler)
  onTestFinished(() => listener.close())
  const ask = (message: unknown) => socket.request(message, PATIENCE_MS)
  return {folder, path: join(folder, 'daemon.sock'), socket, listener, ask}
}

/** Connects without our client, says something and waits until the other side hangs up. */
async function say(path: string, text: string): Promise<string> {
  const stranger = createConnection(path)
  let answer = ''
  stranger.on('data', (chunk) => (answer += chunk.toString('utf8')))
  const hungUp = new Promise<void>((resolve) => stranger.once('close', () => resolve()))
  // Hanging up on somebody who still speaks is a reset.
  stranger.on('error', () => undefined)
  stranger.write(text)
  await hungUp
  return answer
}

/** A process that is no daemon of ours listens where ours would. */
async function impostor(answer: string | null) {
  const folder = await tempDir()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (answer !== null) socket.once('data', () => socket.end(answer))
  })
  await new Promise<void>((resolve) => server.listen(join(folder, 'daemon.sock'), resolve))
  onTestFinished(() => void server.close())
  return unixControlSocket(folder, folder)
}

describe('the control socket', () => {
  it('brings an answer', async () => {
    const {ask} = await listening()
    expect(await ask({op: 'a', text: 'línea\nwith a break'})).toEqual({
      said: {op: 'a', text: 'línea\nwith a break'},
    })
    expect(await ask(null)).toEqual({said: null})
  })

  it('answers `null` where the handler says nothing', async () => {
    const {ask} = await listening(async () => undefined)
    expect(await ask({})).toBeNull()
  })

  it('answers nothing where nobody listens', async () => {
    const folder = await tempDir()
    expect(await unixControlSocket(folder, folder).request({}, PATIENCE_MS)).toBeUndefined()
    const {socket, listener} = await listening()
    await listener.close()
    expect(await socket.request({}, PATIENCE_MS)).toBeUndefined()
  })

  it('answers nothing where a file stands that is no socket', async () => {
    const folder = await tempDir()
    await writeFile(join(folder, 'daemon.sock'), 'hello')
    expect(await unixControlSocket(folder, folder).request({}, PATIENCE_MS)).toBeUndefined()
  })

  it('replaces what a crash left behind', async () => {
    const folder = await tempDir()
    await writeFile(join(folder, 'daemon.sock'), '')
    const socket = unixControlSocket(folder, folder)
    const listener = await socket.listen(echo)
    onTestFinished(() => listener.close())
    expect(await socket.request(1, PATIENCE_MS)).toEqual({said: 1})
  })

  it('may be opened by this user alone, whatever the umask', async () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const {path} = await listening()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(process.umask()).toBe(0)
  })

  it('makes its folder private', async () => {
    const folder = join(await tempDir(), 'config', 'agnes')
    const listener = await unixControlSocket(folder, folder).listen(echo)
    onTestFinished(() => listener.close())
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  it.each([0o770, 0o707, 0o777])('refuses a folder others may write, mode %o', async (mode) => {
    const folder = await tempDir()
    await chmod(folder, mode)
    const refused = unixControlSocket(folder, folder).listen(echo)
    await expect(refused).rejects.toMatchObject({code: 'folder_not_private', exitCode: 2})
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a fallback folder that somebody else could have made first', async () => {
    const fallback = await tempDir()
    const socket = unixControlSocket(longFolder(await tempDir()), fallback)
    const listener = await socket.listen(echo)
    const [name] = await readdir(fallback)
    await listener.close()
    await chmod(join(fallback, name!), 0o777)
    await expect(socket.listen(echo)).rejects.toMatchObject({code: 'folder_not_private'})
  })

  it('falls back where the path is too long for the system, one socket a config folder', async () => {
    const fallback = await tempDir()
    const one = unixControlSocket(longFolder('/one'), fallback)
    const two = unixControlSocket(longFolder('/two'), fallback)
    for (const [socket, name] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      const listener = await socket.listen(async () => name)
      onTestFinished(() => listener.close())
    }
    expect(await one.request({}, PATIENCE_MS)).toBe('one')
    expect(await two.request({}, PATIENCE_MS)).toBe('two')
    for (const name of await readdir(fallback))
      expect((await stat(join(fallback, name))).mode & 0o777).toBe(0o700)
  })

  it('carries a big message, in many pieces, both ways', async () => {
    const {ask} = await listening()
    const text = randomBytes(2 * 1024 * 1024).toString('hex')
    expect(await ask({text})).toEqual({said: {text}})
  })

  it('hangs up on a message that never ends, and lives on', async () => {
    const {path, ask} = await listening()
    expect(await say(path, 'x'.repeat(9 * 1024 * 1024))).toBe('')
    await expect(ask('x'.repeat(9 * 1024 * 1024))).rejects.toMatchObject({code: 'daemon_silent'})
    expect(await ask(1)).toEqual({said: 1})
  })

  it('never hands half a message to the handler', async () => {
    const seen: unknown[] = []
    const {path, ask} = await listening(async (message) => void seen.push(message))
    const stranger = createConnection(path)
    await once(stranger, 'connect')
    stranger.end('{"op": "decide", "id"')
    await once(stranger.resume(), 'close')
    await ask('whole')
    expect(seen).toEqual(['whole'])
  })

  it.each(['not json\n', '{"op":\n', '\n'])('answers %j with an error', async (text) => {
    const {path, ask} = await listening()
    expect(JSON.parse(await say(path, text))).toMatchObject({
      error: {code: 'unknown_request'},
      exitCode: 2,
    })
    expect(await ask(1)).toEqual({said: 1})
  })

  it('tells the handler when the asking side has gone', async () => {
    let wasAborted: (() => void) | undefined
    const aborted = new Promise<void>((resolve) => (wasAborted = resolve))
    let wasAsked: (() => void) | undefined
    const asked = new Promise<void>((resolve) => (wasAsked = resolve))
    const {socket, ask} = await listening(async (message, signal) => {
      if (message === 'still there?') return 'yes'
      wasAsked?.()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      wasAborted?.()
      return 'too late'
    })
    const leave = new AbortController()
    const request = socket.request('long', PATIENCE_MS, leave.signal)
    await asked
    leave.abort(new InterruptedError('SIGINT'))
    await expect(request).rejects.toMatchObject({exitCode: 130})
    await aborted
    expect(await ask('still there?')).toBe('yes')
  })

  it('answers one while another one waits', async () => {
    let release: ((value: string) => void) | undefined
    const held = new Promise<string>((resolve) => (release = resolve))
    const {ask} = await listening(async (message) => (message === 'slow' ? held : 'at once'))
    const slow = ask('slow')
    expect(await ask('quick')).toBe('at once')
    release?.('at last')
    expect(await slow).toBe('at last')
  })

  it.each<AgnesError>(
    [
      ...[AuthError, BusyError, ConflictError, ForbiddenError, IntegrityError, MissingError],
      ...[PartialError, QueryError, RateLimitedError, ServerError, TooLargeError],
      ...[UnexpectedError, UnreachableError, UsageError],
    ].map((Kind) => new Kind('It is so.', {code: 'c', hint: 'Do this.', details: {n: 1}})),
  )('brings the handler’s $name as the same kind', async (error) => {
    const {ask} = await listening(() => Promise.reject(error))
    const failure = await ask({}).catch((thrown: unknown) => thrown)
    expect(failure).toBeInstanceOf(error.constructor)
    const {message, code, hint, details, exitCode, retryable} = error
    expect(failure).toMatchObject({message, code, hint, details, exitCode, retryable})
  })

  it.each([
    ['says nothing', null],
    ['leaves in the middle of its answer', '{"result": {"pid"'],
    ['answers something else', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['answers a value of its own', '42\n'],
  ])('does not wait for ever for one that %s', async (_what, answer) => {
    const socket = await impostor(answer)
    await expect(socket.request({op: 'status'}, 100)).rejects.toMatchObject({
      code: 'daemon_silent',
      exitCode: 9,
      hint: expect.stringContaining('agnes daemon') as string,
    })
  })

  it('gives a clear error to whoever waits when the daemon goes', async () => {
    let wasAsked: (() => void) | undefined
    const asked = new Promise<void>((resolve) => (wasAsked = resolve))
    const {listener, ask} = await listening(() => {
      wasAsked?.()
      return new Promise(() => undefined)
    })
    const waiting = ask('forever')
    await asked
    await Promise.all([
      expect(waiting).rejects.toMatchObject({code: 'daemon_silent'}),
      listener.close(),
    ])
  })

  it('does not follow into a folder that is not there', async () => {
    const path = join(await tempDir(), 'gone', 'config')
    expect(await unixControlSocket(path, path).request({}, PATIENCE_MS)).toBeUndefined()
    await mkdir(dirname(path))
    expect(await readdir(dirname(path))).toEqual([])
  })
})

function longFolder(root: string): string {
  return join(root, 'x'.repeat(120))
}
