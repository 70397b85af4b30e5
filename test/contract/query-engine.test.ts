import {pbkdf2} from 'node:crypto'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {rm, stat} from 'node:fs/promises'
import {createConnection, createServer, type Socket} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {FRAME, sendFrame} from '../../src/lib/adapters/warm-frames.js'
import {warmQueryClient} from '../../src/lib/adapters/warm-query-client.js'
import {listenForQueries} from '../../src/lib/adapters/warm-query-listener.js'
import type {InterruptedError} from '../../src/lib/errors.js'
import type {WarmCall, WarmConnection} from '../../src/lib/ports/query-engine.js'
import {memoryStreams} from '../support/memory-streams.js'
import {tempDir} from '../support/temp-dir.js'
import {PATIENCE_MS, warmRequest, warmSide} from '../support/warm-query.js'

const VERSION = '1.2.3'
const request = warmRequest(['SELECT 1'], {env: {}, folder: '/'})

async function engine(answer: (call: WarmCall) => Promise<number>) {
  const folder = await tempDir()
  const path = join(folder, 'queries.sock')
  const listener = await listenForQueries({path, version: VERSION}, answer)
  onTestFinished(() => listener.close())
  const client = warmQueryClient(folder, folder, PATIENCE_MS)
  const connected = async () => {
    const connection = await client.connect(VERSION)
    if (typeof connection === 'string') throw new Error(connection)
    return connection
  }
  return {path, listener, client, connected}
}

const ask = (connection: WarmConnection, streams = memoryStreams()) =>
  connection.ask(request, streams)

/** Until whoever asked is gone or says stop. */
const aborted = (stop: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (stop.aborted) resolve()
    stop.addEventListener('abort', () => resolve(), {once: true})
  })

/** Every call of the file system waits its turn behind other work, as on a busy computer. */
function slowDisk(until: AbortSignal): void {
  const work = () => pbkdf2('a', 'b', 20_000, 32, 'sha256', () => until.aborted || work())
  for (let index = 0; index < 8; index++) work()
}

describe('the warm engine', () => {
  it('is free for whoever comes while it begins to listen', async () => {
    const folder = await tempDir()
    const path = join(folder, 'queries.sock')
    const isBusy = new AbortController()
    onTestFinished(() => isBusy.abort())
    slowDisk(isBusy.signal)
    const listening = listenForQueries({path, version: VERSION}, async () => 0)
    while (!existsSync(path)) await new Promise(setImmediate)
    const early = createConnection(path)
    const [said] = (await once(early, 'data')) as [Buffer]
    expect(said[0]).toBe(FRAME.ready)
    early.destroy()
    await (await listening).close()
  })

  it('copies both streams and the exit code, however long the answer is', async () => {
    const long = 'x'.repeat(300_000)
    const {connected} = await engine(async ({streams, request: {argv}}) => {
      await streams.out.write(`${argv[0]} ${long}`)
      await streams.err.write('note')
      await streams.out.write(Buffer.from([0, 255]))
      return 13
    })
    const streams = memoryStreams()
    expect(await ask(await connected(), streams)).toEqual({exitCode: 13})
    const bytes = Buffer.concat([Buffer.from(`SELECT 1 ${long}`), Buffer.from([0, 255])])
    expect(streams.out.bytes.equals(bytes)).toBe(true)
    expect(streams.err.text).toBe('note')
  })

  it('lets nobody but this user in', async () => {
    const {path} = await engine(async () => 0)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is none without a socket, on a dead socket, in another version, and where nobody speaks', async () => {
    const folder = await tempDir()
    const client = warmQueryClient(folder, folder)
    expect(await client.connect(VERSION)).toBe('none')
    const {client: other} = await engine(async () => 0)
    expect(await other.connect('9.9.9')).toBe('none')
    const mute = createServer(() => undefined).listen(join(folder, 'queries.sock'))
    await once(mute, 'listening')
    expect(await client.connect(VERSION)).toBe('none')
    mute.close()
  })

  it('answers one query at a time, and says so', async () => {
    let finish = () => {}
    const started = new Promise<void>((begun) => {
      void engine(async () => {
        begun()
        await new Promise<void>((resolve) => (finish = resolve))
        return 0
      }).then(async ({connected, client}) => {
        const early = await connected()
        const first = ask(await connected())
        await started
        results.push(await client.connect(VERSION), await ask(early))
        finish()
        results.push(await first)
        done()
      })
    })
    const results: unknown[] = []
    let done = () => {}
    await new Promise<void>((resolve) => (done = resolve))
    expect(results).toEqual(['busy', 'cold', {exitCode: 0}])
  })

  it('gives a query back unless something of it was written', async () => {
    const {connected, listener} = await engine(async ({streams, request: {argv}, giveBack}) => {
      if (argv.length > 1) await streams.out.write('half')
      giveBack()
      await streams.err.write('not for anybody')
      return 1
    })
    const streams = memoryStreams()
    expect(await ask(await connected(), streams)).toBe('cold')
    expect(streams.err.text).toBe('')
    const connection = await connected()
    expect(await connection.ask({...request, argv: ['a', 'b']}, streams)).toBe('cut')
    expect(listener.answered).toBe(0)
  })

  it('that ends before it wrote leaves the query to whoever asked; later it is cut', async () => {
    let write = false
    const {connected, listener} = await engine(async ({streams}) => {
      if (write) await streams.out.write('half')
      throw new Error('the engine broke')
    })
    expect(await ask(await connected())).toBe('cold')
    write = true
    const streams = memoryStreams()
    expect(await ask(await connected(), streams)).toBe('cut')
    expect(streams.out.text).toBe('half')
    expect(listener.isBusy).toBe(false)
  })

  it('stops a query by the signal that was passed on', async () => {
    const {connected} = await engine(async ({stop, streams}) => {
      await streams.out.write('begun')
      await aborted(stop)
      return (stop.reason as InterruptedError).exitCode
    })
    for (const [signal, exitCode] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const connection = await connected()
      const streams = memoryStreams()
      streams.out.write = async () => connection.stop(signal)
      expect(await ask(connection, streams)).toEqual({exitCode})
    }
  })

  it('tells the query that nobody reads it any more', async () => {
    const {connected} = await engine(async ({streams: {out}}) => {
      while (!out.isClosed) await out.write('more and more\n')
      return 0
    })
    const streams = memoryStreams()
    streams.out.write = async () => void (streams.out.isClosed = true)
    expect(await ask(await connected(), streams)).toEqual({exitCode: 0})
  })

  it('holds no more than a few pieces for a reader that does not read', async () => {
    let sent = 0
    let isWaiting = () => {}
    const waiting = new Promise<void>((resolve) => (isWaiting = resolve))
    const piece = Buffer.alloc(64 * 1024)
    const {path, listener} = await engine(async ({streams: {out}}) => {
      for (; !out.isClosed; sent += piece.length) {
        const written = out.write(piece)
        // A write that is not done at once waits for the reader.
        await Promise.race([
          written,
          new Promise((resolve) => setImmediate(resolve)).then(isWaiting),
        ])
        await written
      }
      return 0
    })
    const slow = createConnection(path)
    sendFrame(slow, FRAME.request, Buffer.from(JSON.stringify(request)))
    slow.pause()
    await waiting
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(sent).toBeLessThan(4 * 1024 * 1024)
    expect(listener.isBusy).toBe(true)
    slow.destroy()
  })

  it('is spent when its socket was taken away', async () => {
    const {path, listener, connected} = await engine(async () => 0)
    expect(listener.isSpent).toBe(false)
    expect(await ask(await connected())).toEqual({exitCode: 0})
    await rm(path)
    expect(listener.isSpent).toBe(true)
  })

  it('hangs up on what is no request, and lives on', async () => {
    const {path, connected} = await engine(async () => 0)
    const say = async (speak: (socket: Socket) => void) => {
      const stranger = createConnection(path)
      stranger.on('error', () => undefined).resume()
      speak(stranger)
      await once(stranger, 'close')
    }
    await say((socket) => void socket.write('GET / HTTP/1.1\r\n\r\n'))
    await say((socket) => void sendFrame(socket, FRAME.request, Buffer.from('{"argv"')))
    await say((socket) => void sendFrame(socket, FRAME.signal))
    expect(await ask(await connected())).toEqual({exitCode: 0})
  })

  it(
    'ends a query of the real engine when whoever asked has gone',
    {timeout: 120_000},
    async () => {
      const warm = await warmSide()
      const connection = await warm.client.connect(warm.version)
      if (typeof connection === 'string') throw new Error(connection)
      const streams = memoryStreams()
      const sql = 'SELECT count(*) FROM range(1e13::BIGINT) a(i) WHERE hash(i) = 1'
      const folder = await tempDir()
      const files = await import('node:fs/promises')
      await files.mkdir(join(folder, 'server/parquet'), {recursive: true})
      const options = {env: {HOME: folder}, folder}
      const asked = connection.ask(warmRequest([sql], options), streams)
      while (!warm.listener.isBusy) await new Promise(setImmediate)
      connection.close()
      expect(await asked).toBe('cold')
      while (warm.listener.isBusy) await new Promise(setImmediate)
      expect(await warm.query(['SELECT 1 AS n', '--format', 'csv'], options)).toMatchObject({
        exitCode: 0,
      })
    },
  )
})
