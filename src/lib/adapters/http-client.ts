import got, {RequestError, TimeoutError, type Got, type OptionsInit, type OptionsOfTextResponseBody} from 'got'
import type {IncomingMessage} from 'node:http'
import type {Readable} from 'node:stream'
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
  type ErrorDetails,
} from '../errors.js'
import type {
  Headers,
  HttpClient,
  JsonAnswer,
  JsonRequest,
  StreamAnswer,
  StreamRequest,
} from '../ports/http-client.js'
import {readServerError} from '../wire/server-error.js'

export interface HttpClientOptions {
  /** `scheme://host[:port]`. */
  origin: string
  token: string | undefined
  userAgent: string
}

const DEFAULT_TIMEOUT_MS = 30_000

/** The one HTTP layer: got, bound to one origin, redirects refused, no retries of its own. */
export class GotHttpClient implements HttpClient {
  readonly origin: string
  private readonly client: Got

  constructor(options: HttpClientOptions) {
    this.origin = options.origin
    this.client = got.extend({
      prefixUrl: `${options.origin}/`,
      followRedirect: false,
      throwHttpErrors: false,
      retry: {limit: 0},
      headers: {
        accept: 'application/json',
        'user-agent': options.userAgent,
        ...(options.token ? {authorization: `Bearer ${options.token}`} : {}),
      },
    })
  }

  async requestJson(
    method: string,
    path: string,
    request: JsonRequest = {},
    signal?: AbortSignal,
  ): Promise<JsonAnswer> {
    const response = await this.guard(path, signal, () =>
      this.client(path.replace(/^\//, ''), {
        method: method as 'GET',
        responseType: 'text',
        ...(signal ? {signal} : {}),
        ...bodyOptions(request),
        headers: {...request.headers, ...(request.etag ? {'if-none-match': request.etag} : {})},
        timeout: phases(request.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      } as OptionsOfTextResponseBody),
    )
    const headers = plainHeaders(response.headers)
    const status = response.statusCode
    if (status === 304) return {status, headers, body: undefined}
    if (status < 200 || status > 299) throw this.statusError(status, path, headers, response.body)
    if (response.body === '') return {status, headers, body: undefined}
    try {
      return {status, headers, body: JSON.parse(response.body)}
    } catch (error) {
      throw this.unreadable(path, status, headers, error)
    }
  }

  async openStream(
    path: string,
    request: StreamRequest = {},
    signal?: AbortSignal,
  ): Promise<StreamAnswer> {
    const stream = this.client.stream(path.replace(/^\//, ''), {
      method: request.method ?? 'GET',
      ...bodyOptions(request),
      // Bytes are hashed and resumed by position, so they must arrive as they are stored.
      headers: {accept: '*/*', 'accept-encoding': 'identity', ...request.headers},
      decompress: false,
      timeout: {lookup: DEFAULT_TIMEOUT_MS, connect: DEFAULT_TIMEOUT_MS, response: 300_000},
      ...(signal ? {signal} : {}),
    } as OptionsInit & {isStream: true})
    const response = await this.guard(path, signal, () => firstResponse(stream))
    const headers = plainHeaders(response.headers)
    const status = response.statusCode ?? 0
    if ([200, 206, 304, 416].includes(status)) return {status, headers, body: stream}
    const text = await readCapped(stream, 65_536)
    throw this.statusError(status, path, headers, text)
  }

  private async guard<T>(path: string, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error instanceof AgnesError) throw error
      throw this.transportError(path, error)
    }
  }

  private transportError(path: string, error: unknown): AgnesError {
    const code = error instanceof RequestError ? error.code : 'unknown'
    const what =
      error instanceof TimeoutError
        ? `${this.origin} did not answer in time`
        : `Cannot reach ${this.origin} (${code})`
    return new UnreachableError(`${what}.`, {
      code: error instanceof TimeoutError ? 'timeout' : 'unreachable',
      hint: 'Check the network and the server address, then run the command again.',
      details: {origin: this.origin, path, cause: code},
      cause: error,
    })
  }

  private unreadable(path: string, status: number, headers: Headers, cause: unknown): AgnesError {
    const type = headers['content-type'] ?? 'nothing named'
    return new UnreachableError(
      `${this.origin} answered ${path} with something that is not JSON (${type}).`,
      {
        code: 'unreadable_answer',
        hint: 'A proxy or a sign-in page may stand in front of the server. Check the server address.',
        details: {origin: this.origin, path, status, contentType: type},
        cause,
      },
    )
  }

  private statusError(status: number, path: string, headers: Headers, body: string): AgnesError {
    if (status >= 300 && status < 400) return this.redirectError(status, path, headers)
    const server = readServerError(body)
    const details: ErrorDetails = {status, path, origin: this.origin}
    if (server.fields) details.server = server.fields
    const code = server.kind ? {code: server.kind} : {}
    const hint = server.hint ? {hint: server.hint} : {}
    const said = server.message ?? `HTTP ${status}`
    const retryAfterMs = server.retryAfterMs ?? retryAfterHeader(headers)
    const waiting = retryAfterMs === undefined ? {} : {retryAfterMs}
    if (status === 401)
      return new AuthError(`${this.origin} does not accept the token: ${said}.`, {
        details,
        hint: 'Get a new token from your server and run `agnes init` with it again.',
      })
    if (status === 403) return new ForbiddenError(said, {details, ...code, ...hint})
    if (status === 404 || status === 405) return new MissingError(said, {details, ...code, ...hint})
    if (status === 409) return new ConflictError(said, {details, ...code, ...hint})
    if (status === 429)
      return new RateLimitedError(said, {details, ...code, ...hint, ...waiting})
    if (status >= 500) {
      const text = `${this.origin} failed with HTTP ${status}: ${said}`
      return new ServerError(text, {details, ...code, ...hint, ...waiting})
    }
    return new UsageError(said, {details, ...code, ...hint})
  }

  /** A redirect is a statement about where the server lives; the token stays here. */
  private redirectError(status: number, path: string, headers: Headers): AgnesError {
    const target = redirectOrigin(headers.location, this.origin)
    const moved = target !== undefined && target !== this.origin
    const insecure = this.origin.startsWith('https:') && target?.startsWith('http:')
    return new UsageError(
      insecure
        ? `${this.origin} redirects to ${target}, which is not encrypted. The redirect was refused.`
        : moved
          ? `${this.origin} says it has moved to ${target}. The redirect was not followed.`
          : `${this.origin} answered ${path} with a redirect (HTTP ${status}), which is never followed.`,
      {
        code: insecure ? 'insecure_redirect' : moved ? 'server_moved' : 'unexpected_redirect',
        hint: insecure
          ? 'Ask your administrator: the server should never send you to an unencrypted address.'
          : moved
            ? `If you trust it, sign in there: agnes init --server-url ${target}`
            : 'Check the server address; a proxy may stand in front of it.',
        details: {status, path, origin: this.origin, target: target ?? null},
      },
    )
  }
}

function bodyOptions(request: {body?: unknown; query?: Record<string, string | number>}): OptionsInit {
  return {
    ...(request.body === undefined ? {} : {json: request.body}),
    ...(request.query ? {searchParams: request.query} : {}),
  }
}

/** Per phase, as the reference client counts: waiting for a slow body is fine, silence is not. */
function phases(ms: number) {
  return {lookup: ms, connect: ms, secureConnect: ms, socket: ms, send: ms, response: ms}
}

function firstResponse(stream: Readable): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
  })
}

function plainHeaders(headers: NodeJS.Dict<string | string[]>): Headers {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) result[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  return result
}

async function readCapped(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Uint8Array)
      size += (chunk as Uint8Array).length
      if (size > maxBytes) break
    }
  } catch {
    // The status already tells the failure; a broken error body adds nothing.
  }
  return Buffer.concat(chunks).toString('utf8')
}

function retryAfterHeader(headers: Headers): number | undefined {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

function redirectOrigin(location: string | undefined, origin: string): string | undefined {
  if (!location || !URL.canParse(location, origin)) return undefined
  return new URL(location, origin).origin
}
