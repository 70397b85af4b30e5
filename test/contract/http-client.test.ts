import {createHash} from 'node:crypto'
import {describe, expect, it} from 'vitest'
import {GotHttpClient} from '../../src/lib/adapters/http-client.js'
import {
  AgnesError,
  AuthError,
  ConflictError,
  ForbiddenError,
  MissingError,
  RateLimitedError,
  ServerError,
  UnreachableError,
  UsageError,
} from '../../src/lib/errors.js'
import type {StreamAnswer} from '../../src/lib/ports/http-client.js'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {
  answerWith,
  holdAfter,
  html,
  redirect,
  reset,
  status,
  truncateAfter,
} from '../support/server-faults.js'
import {startTestServer} from '../support/test-server.js'

const path = '/api/data/orders/download'
const bytes = Buffer.alloc(300_000, 'parquet')

function client(origin: string, token: string | undefined = 'secret') {
  return new GotHttpClient({origin, token, userAgent: 'agnes-cli/test'})
}

async function read(answer: StreamAnswer): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer.body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function failureOf(work: Promise<unknown>): Promise<AgnesError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(AgnesError)
  return failure as AgnesError
}

const classOf: Record<number, unknown> = {
  400: UsageError,
  401: AuthError,
  403: ForbiddenError,
  404: MissingError,
  405: MissingError,
  409: ConflictError,
  413: UsageError,
  422: UsageError,
  429: RateLimitedError,
  500: ServerError,
  502: ServerError,
  503: ServerError,
}

describe('HttpClient statuses', () => {
  it.each(Object.keys(classOf).map(Number))('gives %i its own kind in both calls', async (code) => {
    const server = await startTestServer()
    server.json(path, {}).faults(status(code).times(2))
    const http = client(server.origin)
    for (const call of [() => http.requestJson('GET', path), () => http.openStream(path)]) {
      const failure = await failureOf(call())
      expect(failure).toBeInstanceOf(classOf[code])
      expect(failure.details).toMatchObject({status: code, path, origin: server.origin})
    }
  })

  it.each([
    [{retryAfter: 7}, 7000],
    [{retryAfter: '0.5'}, 500],
    [{retryAfter: 'soon'}, undefined],
    [
      {
        retryAfter: 'Sat, 21 Nov 2026 10:00:30 GMT',
        headers: {date: 'Sat, 21 Nov 2026 10:00:00 GMT'},
      },
      30_000,
    ],
    [
      {
        retryAfter: 'Sat, 21 Nov 2026 09:00:00 GMT',
        headers: {date: 'Sat, 21 Nov 2026 10:00:00 GMT'},
      },
      0,
    ],
  ])('reads Retry-After %j', async (options, expected) => {
    const server = await startTestServer()
    server.json(path, {}).faults(status(503, options), status(429, options))
    const http = client(server.origin)
    expect(await failureOf(http.openStream(path))).toMatchObject({retryAfterMs: expected})
    expect(await failureOf(http.openStream(path))).toMatchObject({retryAfterMs: expected})
  })

  it.each([301, 302, 307, 308])(
    'refuses a %i to another host and sends nothing there',
    async (code) => {
      const server = await startTestServer()
      const other = await startTestServer()
      server.json(path, {}).faults(redirect(`${other.origin}/x`, code).times(2))
      for (const call of [
        () => client(server.origin).requestJson('GET', path),
        () => client(server.origin).openStream(path),
      ])
        expect(await failureOf(call())).toMatchObject({
          exitCode: 2,
          code: 'server_moved',
          details: {target: other.origin},
        })
      expect(other.requests).toEqual([])
    },
  )

  it('says what came instead of JSON', async () => {
    const server = await startTestServer()
    server.json(path, {}).faults(html())
    expect(await failureOf(client(server.origin).requestJson('GET', path))).toMatchObject({
      exitCode: 9,
      code: 'unreadable_answer',
      details: {contentType: 'text/html'},
    })
  })

  it('names the origin when nobody listens', async () => {
    const server = await startTestServer()
    await server.close()
    for (const call of [
      () => client(server.origin).requestJson('GET', path),
      () => client(server.origin).openStream(path),
    ]) {
      const failure = await failureOf(call())
      expect(failure).toBeInstanceOf(UnreachableError)
      expect(failure.details).toMatchObject({origin: server.origin, cause: 'ECONNREFUSED'})
    }
  })
})

describe('HttpClient and a real server', () => {
  const errors = recordedVersions.flatMap((version) =>
    recorded(version)
      .filter(
        ({response, request}) =>
          response.status >= 400 && response.status !== 416 && request.method === 'GET',
      )
      .map((exchange) => ({version, ...exchange})),
  )
  it.each(errors)('reads the error of $version, $label', async ({request, response}) => {
    const server = await startTestServer()
    const {
      'content-encoding': _,
      'transfer-encoding': __,
      'content-length': ___,
      ...headers
    } = response.headers
    server.on('GET', /.*/, () => ({
      status: response.status,
      headers,
      body: recordedBytes(response.body),
    }))
    const [pathname = '', search] = request.path.split('?')
    const query = Object.fromEntries(new URLSearchParams(search))
    const failure = await failureOf(client(server.origin).requestJson('GET', pathname, {query}))
    expect(failure).toBeInstanceOf(classOf[response.status])
    const {detail} = JSON.parse(response.body.text ?? '{}') as {detail: unknown}
    if (typeof detail === 'string') expect(failure.message).toContain(detail.slice(0, 200))
  })

  const downloads = recordedVersions.flatMap((version) =>
    recorded(version)
      .filter(
        ({request, response}) =>
          request.path.includes('/download') && [200, 206, 304, 416].includes(response.status),
      )
      .map((exchange) => ({version, ...exchange})),
  )
  it.each(downloads)('streams what $version sends: $label', async ({request, response}) => {
    const server = await startTestServer()
    server.on('GET', /.*/, () => ({...response, body: recordedBytes(response.body)}))
    const [pathname = '', search] = request.path.split('?')
    const query = Object.fromEntries(new URLSearchParams(search))
    const answer = await client(server.origin).openStream(pathname, {
      query,
      headers: {range: 'bytes=0-99'},
    })
    expect(answer.status).toBe(response.status)
    for (const name of ['etag', 'content-range', 'x-agnes-content-md5'])
      expect(answer.headers[name]).toBe(response.headers[name])
    const body = await read(answer)
    if (response.body.md5)
      expect(createHash('md5').update(body).digest('hex')).toBe(response.body.md5)
    else expect(body.length).toBe(0)
  })
})

describe('HttpClient.openStream', () => {
  it('sends the token, asks for the bytes as stored and hands them out', async () => {
    const server = await startTestServer()
    server.file(path, bytes, {etag: '"1"'})
    const answer = await client(server.origin).openStream(path, {query: {part: 'a=1/b.parquet'}})
    expect(answer).toMatchObject({status: 200, headers: {etag: '"1"', 'content-length': '300000'}})
    expect((await read(answer)).equals(bytes)).toBe(true)
    const [request] = server.requests
    expect(request?.query.get('part')).toBe('a=1/b.parquet')
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'accept-encoding': 'identity',
      'user-agent': 'agnes-cli/test',
    })
  })

  it('resolves on 206, 304, 416 and on 400 to a Range, but not on another 400', async () => {
    const server = await startTestServer()
    server.file(path, bytes, {etag: '"1"'}).faults()
    const http = client(server.origin)
    const open = async (headers: Record<string, string>) => {
      const answer = await http.openStream(path, {headers})
      await read(answer)
      return answer.status
    }
    expect(await open({range: 'bytes=5-9'})).toBe(206)
    expect(await open({'if-none-match': '"1"'})).toBe(304)
    expect(await open({range: 'bytes=300000-'})).toBe(416)
    expect(await open({range: 'lines=1-2'})).toBe(400)
    server.json('/other', {}).faults(status(400))
    expect(await failureOf(http.openStream('/other'))).toBeInstanceOf(UsageError)
  })

  it('reuses the connection for the next request', async () => {
    const server = await startTestServer()
    server.file(path, bytes)
    const http = client(server.origin)
    for (let turn = 0; turn < 3; turn++) await read(await http.openStream(path))
    expect(new Set(server.requests.map(({socket}) => socket)).size).toBe(1)
  })

  it.each(['requestJson', 'openStream'] as const)(
    '%s asks again when a kept connection was already closed',
    async (call) => {
      const server = await startTestServer()
      server.json(path, {})
      const http = client(server.origin)
      const ask = async () => {
        if (call === 'requestJson') return http.requestJson('GET', path)
        return read(await http.openStream(path))
      }
      await ask()
      server.json(path, {}).faults(reset())
      await ask()
      expect(server.requests.length).toBe(3)
    },
  )

  it('does not ask again when a new connection is reset', async () => {
    const server = await startTestServer()
    server.json(path, {}).faults(reset())
    expect(await failureOf(client(server.origin).openStream(path))).toBeInstanceOf(UnreachableError)
    expect(server.requests.length).toBe(1)
  })

  it.each([
    ['is cut off', truncateAfter(100_000)],
    ['is reset', reset(100_000)],
  ])('breaks off with UnreachableError when the body %s', async (_, fault) => {
    const server = await startTestServer()
    server.file(path, bytes).faults(fault)
    const answer = await client(server.origin).openStream(path)
    const failure = await failureOf(read(answer))
    expect(failure).toBeInstanceOf(UnreachableError)
    expect(failure.details).toMatchObject({path, cause: 'ECONNRESET'})
  })

  it('breaks off with the reason of the signal, before and during the body', async () => {
    const server = await startTestServer()
    const gate = holdAfter(1000)
    server.file(path, bytes).faults(gate)
    const controller = new AbortController()
    const answer = await client(server.origin).openStream(path, {}, controller.signal)
    const reading = read(answer)
    await gate.reached
    controller.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    gate.release()
    await expect(client(server.origin).openStream(path, {}, controller.signal)).rejects.toThrow(
      'enough',
    )
    expect(server.requests.length).toBe(1)
  })

  it('frees the connection when the reader walks away', async () => {
    const server = await startTestServer()
    const gate = holdAfter(1000)
    server.file(path, bytes).faults(gate)
    const answer = await client(server.origin).openStream(path)
    const gone = new Promise((resolve) => server.requests[0]?.socket.once('close', resolve))
    answer.body.destroy()
    await gone
  })

  it('keeps the beginning of a huge error body and gives the connection up', async () => {
    const server = await startTestServer()
    const body = Buffer.alloc(5_000_000, 'x')
    server
      .json(path, {})
      .faults(answerWith({status: 503, headers: {'content-type': 'text/html'}, body}))
    expect(await failureOf(client(server.origin).openStream(path))).toMatchObject({
      message: expect.stringMatching(/^.{1,200}$/),
    })
  })
})
