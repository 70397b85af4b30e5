import got, {RequestError, type Got, type OptionsInit, type OptionsOfTextResponseBody} from 'got'
import type {ClientRequest} from 'node:http'
import {Readable} from 'node:stream'
import {AgnesError, UnreachableError} from '../errors.js'
import type {
  Headers,
  HttpClient,
  JsonAnswer,
  JsonRequest,
  StreamAnswer,
  StreamRequest,
  UploadBody,
} from '../ports/http-client.js'
import {answerPrint} from '../wire/answer-print.js'
import {openResponse, readCapped, type RequestStream} from './http-body.js'
import {statusError, type RefusedAnswer} from './http-status-error.js'
import type {Transport} from './http-transport.js'
import {transportError} from './transport-error.js'

export interface HttpClientOptions {
  /** `scheme://host[:port]`. */
  origin: string
  token: string | undefined
  /** It is that of AGNES_TOKEN: a refusal says so. */
  isEnvToken?: boolean
  userAgent: string
  /** No request waits longer, whatever it asks for; `AGNES_HTTP_TIMEOUT`. */
  maxTimeoutMs?: number | undefined
  /** How the origin is reached where that is not directly with the usual certificates. */
  transport?: Transport
}

const DEFAULT_TIMEOUT_MS = 30_000
const STREAM_TIMEOUT_MS = 300_000
/** How a connection that the server has closed meanwhile shows itself. */
const CLOSED = new Set(['ECONNRESET', 'EPIPE'])

/** The one HTTP layer: got, bound to one origin, redirects refused, no retries of its own. */
export class GotHttpClient implements HttpClient {
  readonly origin: string
  private readonly client: Got
  private readonly proxy: string | null
  private readonly maxTimeoutMs: number
  private readonly isEnvToken: boolean

  constructor(options: HttpClientOptions) {
    this.origin = options.origin
    this.maxTimeoutMs = options.maxTimeoutMs ?? Infinity
    this.isEnvToken = options.isEnvToken ?? false
    this.proxy = options.transport?.proxy ?? null
    this.client = got.extend({
      ...options.transport?.options,
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
    const response = await this.guard({method, path}, signal, (onRequest) =>
      this.client(path.replace(/^\//, ''), {
        method: method as 'GET',
        responseType: 'text',
        ...(signal ? {signal} : {}),
        ...bodyOptions(request),
        headers: {
          ...request.headers,
          ...(request.etag ? {'if-none-match': request.etag} : {}),
          ...(request.upload ? uploadHeaders(request.upload) : {}),
        },
        timeout: phases(
          this.capped(request.timeoutMs ?? DEFAULT_TIMEOUT_MS),
          request.upload !== undefined,
        ),
      } as OptionsOfTextResponseBody).on('request', onRequest),
    )
    const headers = plainHeaders(response.headers)
    const status = response.statusCode
    if (status === 304) return {status, headers, body: undefined}
    if (status < 200 || status > 299)
      throw this.refusal({path, status, headers, body: response.body})
    if (response.body === '') return {status, headers, body: undefined}
    try {
      const body = await parseBody(response.body, request.lossless ?? false)
      return {status, headers, body, ...printOf(response.body, request)}
    } catch (error) {
      throw this.unreadable(path, status, headers, error)
    }
  }

  async openStream(
    path: string,
    request: StreamRequest = {},
    signal?: AbortSignal,
  ): Promise<StreamAnswer> {
    const method = request.method ?? 'GET'
    const options = {
      method,
      ...bodyOptions(request),
      // Bytes are hashed and resumed by position, so they must arrive as they are stored.
      headers: {accept: '*/*', 'accept-encoding': 'identity', ...request.headers},
      decompress: false,
      timeout: {
        lookup: this.capped(DEFAULT_TIMEOUT_MS),
        connect: this.capped(DEFAULT_TIMEOUT_MS),
        response: this.capped(request.timeoutMs ?? STREAM_TIMEOUT_MS),
      },
      ...(signal ? {signal} : {}),
    } as OptionsInit & {isStream: true}
    const response = await this.guard({method, path}, signal, (onRequest) => {
      const stream = this.client.stream(
        path.replace(/^\//, ''),
        options,
      ) as unknown as RequestStream
      stream.once('request', onRequest)
      return openResponse(stream, (error) => this.broken(path, error, signal))
    })
    const headers = plainHeaders(response.headers)
    const status = response.statusCode ?? 0
    const isRangeRefused = status === 400 && request.headers?.range !== undefined
    if ([200, 206, 304, 416].includes(status) || isRangeRefused)
      return {status, headers, body: response}
    const body = await readCapped(response, 65_536)
    signal?.throwIfAborted()
    throw this.refusal({path, status, headers, body})
  }

  private refusal(answer: Omit<RefusedAnswer, 'origin' | 'isEnvToken'>): AgnesError {
    return statusError({...answer, origin: this.origin, isEnvToken: this.isEnvToken})
  }

  private capped(ms: number): number {
    return Math.min(ms, this.maxTimeoutMs)
  }

  /** Names failures, and sends a GET again whose kept-alive connection turns out to be closed already. */
  private async guard<T>(
    {method, path}: {method: string; path: string},
    signal: AbortSignal | undefined,
    call: (onRequest: (request: ClientRequest) => void) => Promise<T>,
  ): Promise<T> {
    for (let isFirst = true; ; isFirst = false) {
      let request: ClientRequest | undefined
      try {
        return await call((made) => void (request = made))
      } catch (error) {
        const isStale =
          request?.reusedSocket && error instanceof RequestError && CLOSED.has(error.code)
        if (isFirst && method === 'GET' && isStale && !signal?.aborted) continue
        throw this.broken(path, error, signal)
      }
    }
  }

  private broken(path: string, error: unknown, signal?: AbortSignal): Error {
    if (signal?.aborted) return signal.reason as Error
    if (error instanceof AgnesError) return error
    const {origin, proxy, maxTimeoutMs} = this
    return transportError({origin, path, proxy, maxTimeoutMs}, error)
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
}

function printOf(text: string, {wantsPrint}: JsonRequest): Pick<JsonAnswer, 'print'> {
  return wantsPrint ? {print: answerPrint(text)} : {}
}

async function parseBody(text: string, isLossless: boolean): Promise<unknown> {
  if (!isLossless) return JSON.parse(text)
  return (await import('../wire/lossless-json.js')).parseLossless(text)
}

function bodyOptions(request: {
  body?: unknown
  upload?: UploadBody
  query?: Record<string, string | number>
}): OptionsInit {
  return {
    ...(request.upload ? {body: Readable.from(request.upload.bytes, {objectMode: false})} : {}),
    ...(request.body === undefined ? {} : {json: request.body}),
    ...(request.query ? {searchParams: request.query} : {}),
  }
}

function uploadHeaders({contentType, sizeBytes}: UploadBody): Record<string, string> {
  const headers = {'content-type': contentType}
  return sizeBytes === null ? headers : {...headers, 'content-length': String(sizeBytes)}
}

/**
 * Per phase, as the reference client counts: waiting for a slow body is fine, silence is not. Sending
 * a large body may take longer than any phase.
 */
function phases(ms: number, isUpload: boolean) {
  const send = isUpload ? {} : {send: ms}
  // A server that will answer late still picks up at once.
  const near = Math.min(ms, DEFAULT_TIMEOUT_MS)
  return {lookup: near, connect: near, secureConnect: near, socket: ms, response: ms, ...send}
}

function plainHeaders(headers: NodeJS.Dict<string | string[]>): Headers {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined)
      result[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  return result
}
