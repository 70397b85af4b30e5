import {createServer, type IncomingHttpHeaders, type ServerResponse} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import {onTestFinished} from 'vitest'
import type {Fault} from './server-faults.js'

/**
 * A real HTTP server on a free loopback port, with scripted routes and faults by name.
 *
 *     const server = await startTestServer()              // closed when the test ends
 *     server.json('/api/sync/manifest', {tables: {}})
 *     server.file('/api/data/orders/download', bytes, {etag: '"1"'})
 *       .faults(status(503, {retryAfter: 2}).times(2), truncateAfter(1000), flipBit(5))
 *     server.on('POST', '/api/upload/local-md', (request) => ({status: 200, body: {ok: true}}))
 *     …
 *     expect(server.requests.map(({path}) => path)).toEqual([…])
 *     server.verify()                                     // fails on unused or unexpected requests
 *
 * Faults are consumed in order, one request each (`.times(n)` for more), then the route answers as it
 * should. `.when(predicate)` keeps a fault for the first request it fits. `file` speaks Range,
 * If-Range, If-None-Match and 416 as the contract says (sync-and-upload 5.1 to 5.3).
 */
export interface TestServer {
  readonly origin: string
  /** Every request in order of arrival, answered or not. */
  readonly requests: readonly LoggedRequest[]
  /** Requests to one path. */
  requestsTo(path: string): LoggedRequest[]
  on(method: string, path: string | RegExp, handler: Handler): Route
  json(path: string, body: unknown, options?: {etag?: string; status?: number}): Route
  file(path: string, bytes: Uint8Array, options?: FileOptions): FileRoute
  /** Throws when a request had no route, a route was never asked or a fault never used. */
  verify(): void
  /** Also drops open connections. May be called twice. */
  close(): Promise<void>
}

export interface LoggedRequest {
  method: string
  /** Decoded, without the query. */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
  /** Tells connections apart: two requests on one kept-alive socket share it. */
  socket: Socket
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: unknown
}

export type Handler = (request: LoggedRequest) => Answer | Promise<Answer>

export interface Exchange {
  request: LoggedRequest
  response: ServerResponse
  /** What the route would answer without the fault; bodies are already bytes. */
  answer: {status: number; headers: Record<string, string>; body: Buffer}
  /** Sends an answer, by default the ordinary one, with an honest Content-Length unless given. */
  send(answer?: Partial<Exchange['answer']>): void
  /** Computes the ordinary answer anew, for faults that change the route first. */
  again(): Promise<Exchange['answer']>
  route: FileRoute
}

export interface Route {
  /** Adds to the faults still to come. */
  faults(...faults: Fault[]): this
  /** `verify` accepts that it is never asked. */
  optional(): this
  readonly asked: number
}

export interface FileOptions {
  /** With its quotes. */
  etag?: string
  headers?: Record<string, string>
}

export interface FileRoute extends Route {
  /** Replaces the object, as a republished table does. */
  replace(bytes: Uint8Array, etag?: string): void
}

class ScriptedRoute implements FileRoute {
  asked = 0
  readonly pending: Fault[] = []
  isOptional = false

  constructor(
    readonly method: string,
    readonly path: string | RegExp,
    readonly handler: Handler,
    private readonly onReplace: (bytes: Uint8Array, etag?: string) => void = () => {},
  ) {}

  faults(...faults: Fault[]): this {
    this.pending.push(...faults)
    return this
  }

  optional(): this {
    this.isOptional = true
    return this
  }

  replace(bytes: Uint8Array, etag?: string): void {
    this.onReplace(bytes, etag)
  }

  fits(request: LoggedRequest): boolean {
    const samePath =
      typeof this.path === 'string' ? this.path === request.path : this.path.test(request.path)
    return samePath && this.method === request.method
  }

  nextFault(request: LoggedRequest): Fault | undefined {
    const index = this.pending.findIndex((fault) => fault.fits(request))
    const fault = this.pending[index]
    if (fault?.use()) this.pending.splice(index, 1)
    return fault
  }
}

export async function startTestServer(): Promise<TestServer> {
  const routes: ScriptedRoute[] = []
  const requests: LoggedRequest[] = []
  const unexpected: string[] = []

  const answerRequest = async (request: LoggedRequest, response: ServerResponse) => {
    const route = routes.findLast((candidate) => candidate.fits(request))
    if (!route) {
      unexpected.push(`${request.method} ${request.path}`)
      const known = routes.some(({path}) => path === request.path)
      return send(response, bytesOf({status: known ? 405 : 404, body: {detail: 'Page not found'}}))
    }
    route.asked++
    const again = async () => bytesOf(await route.handler(request))
    const answer = await again()
    const fault = route.nextFault(request)
    const exchange: Exchange = {
      request,
      response,
      answer,
      route,
      again,
      send: (other = {}) => send(response, {...answer, ...other}),
    }
    if (fault) await fault.apply(exchange)
    else exchange.send()
  }

  const http = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    const chunks: Buffer[] = []
    const request: LoggedRequest = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.alloc(0),
      socket: incoming.socket,
    }
    requests.push(request)
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      request.body = Buffer.concat(chunks)
      void answerRequest(request, response)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const {port} = http.address() as AddressInfo
  const add = (route: ScriptedRoute) => (routes.push(route), route)

  const server: TestServer = {
    origin: `http://127.0.0.1:${port}`,
    requests,
    requestsTo: (path) => requests.filter((request) => request.path === path),
    on: (method, path, handler) => add(new ScriptedRoute(method, path, handler)),
    json: (path, body, options = {}) =>
      add(new ScriptedRoute('GET', path, (request) => jsonAnswer(request, body, options))),
    file(path, bytes, options = {}) {
      let current = {bytes: Buffer.from(bytes), etag: options.etag ?? '"1795235855091005973"'}
      return add(
        new ScriptedRoute(
          'GET',
          path,
          (request) => fileAnswer(request, current, options.headers ?? {}),
          (next, etag) =>
            (current = {bytes: Buffer.from(next), etag: etag ?? '"1795235855091005974"'}),
        ),
      )
    },
    verify() {
      const unused = routes.flatMap((route) => [
        ...(route.asked === 0 && !route.isOptional
          ? [`never asked: ${route.method} ${route.path}`]
          : []),
        ...route.pending
          .filter(({isUnused}) => isUnused)
          .map((fault) => `fault never used: ${fault.name} on ${route.path}`),
      ])
      const problems = [...unexpected.map((what) => `unexpected request: ${what}`), ...unused]
      if (problems.length > 0) throw new Error(problems.join('\n'))
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  }
  onTestFinished(() => server.close())
  return server
}

function bytesOf(answer: Answer): Exchange['answer'] {
  const {status, headers = {}, body} = answer
  if (body === undefined) return {status, headers, body: Buffer.alloc(0)}
  if (typeof body === 'string' || body instanceof Uint8Array)
    return {status, headers, body: Buffer.from(body as string)}
  const type = {'content-type': 'application/json'}
  return {status, headers: {...type, ...headers}, body: Buffer.from(JSON.stringify(body))}
}

function send(response: ServerResponse, {status, headers, body}: Exchange['answer']): void {
  const length =
    status === 304 || 'transfer-encoding' in headers ? {} : {'content-length': String(body.length)}
  response.writeHead(status, {...length, ...headers})
  response.end(body)
}

function jsonAnswer(
  request: LoggedRequest,
  body: unknown,
  options: {etag?: string; status?: number},
): Answer {
  const {etag, status = 200} = options
  if (etag === undefined) return {status, body}
  const headers = {etag}
  return request.headers['if-none-match'] === etag
    ? {status: 304, headers}
    : {status, headers, body}
}

/** Contract 5.1 to 5.3, one range only. */
function fileAnswer(
  request: LoggedRequest,
  object: {bytes: Buffer; etag: string},
  extra: Record<string, string>,
): Answer {
  const {bytes, etag} = object
  if (request.headers['if-none-match'] === etag) return {status: 304}
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag,
    ...extra,
  }
  const ifRange = request.headers['if-range']
  const range = request.headers.range
  if (range === undefined || (ifRange !== undefined && ifRange !== etag))
    return {status: 200, headers, body: bytes}
  const match = /^bytes=(\d+)-(\d*)$/.exec(range)
  if (!match)
    return {status: 400, headers: {'content-type': 'text/plain'}, body: 'Malformed range header.'}
  const start = Number(match[1])
  const end = match[2] === '' ? bytes.length - 1 : Math.min(Number(match[2]), bytes.length - 1)
  if (start >= bytes.length)
    return {
      status: 416,
      headers: {'content-type': 'text/plain', 'content-range': `bytes */${bytes.length}`},
    }
  return {
    status: 206,
    headers: {...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}`},
    body: bytes.subarray(start, end + 1),
  }
}
