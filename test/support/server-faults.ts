import type {Exchange, LoggedRequest} from './test-server.js'

/** What can go wrong with one answer, by name. See test-server.ts for use. */
export class Fault {
  private left = 1
  private used = 0
  private predicate: (request: LoggedRequest) => boolean = () => true

  constructor(
    readonly name: string,
    readonly apply: (exchange: Exchange) => void | Promise<void>,
  ) {}

  /** For the next `count` requests instead of one; `Infinity` for ever. */
  times(count: number): this {
    this.left = count
    return this
  }

  /** Only for requests that fit. */
  when(predicate: (request: LoggedRequest) => boolean): this {
    this.predicate = predicate
    return this
  }

  fits(request: LoggedRequest): boolean {
    return this.predicate(request)
  }

  /** True when this was the last use. */
  use(): boolean {
    this.used++
    return this.used >= this.left
  }

  get isUnused(): boolean {
    return this.left === Infinity ? this.used === 0 : this.used < this.left
  }
}

export const hasRange = (request: LoggedRequest) => request.headers.range !== undefined

/** The ordinary answer; to put other faults later. */
export const pass = () => new Fault('pass', ({send}) => send())

/** An error status with a body as the server words it. `retryAfter` in seconds or an HTTP date. */
export const status = (
  code: number,
  options: {retryAfter?: number | string; body?: string; headers?: Record<string, string>} = {},
) =>
  new Fault(`status ${code}`, ({send}) =>
    send({
      status: code,
      headers: {
        'content-type': 'application/json',
        ...(options.retryAfter === undefined ? {} : {'retry-after': String(options.retryAfter)}),
        ...options.headers,
      },
      body: Buffer.from(options.body ?? JSON.stringify({detail: `scripted ${code}`})),
    }),
  )

/** Announces the whole length, sends `bytes` of it, closes the connection. */
export const truncateAfter = (bytes: number) =>
  new Fault(`truncate after ${bytes}`, (exchange) => {
    writePart(exchange, bytes, () => exchange.response.destroy())
  })

/** A clean answer that is simply too short: its length is honest, its content is not. */
export const shorten = (bytes: number) =>
  new Fault(`shorten to ${bytes}`, ({answer, send}) => send({body: answer.body.subarray(0, bytes)}))

/** Sends `bytes` of the body, then nothing more, with the connection open. */
export const stall = (bytes = 0) =>
  new Fault(`stall after ${bytes}`, (exchange) => writePart(exchange, bytes, () => {}))

/** Takes the request and never says a word. */
export const silence = () => new Fault('silence', () => {})

/** Resets the connection: before any byte, or after `bytes` of the body. */
export const reset = (bytes?: number) =>
  new Fault(`reset after ${bytes ?? 'nothing'}`, (exchange) => {
    const kill = () => exchange.request.socket.resetAndDestroy()
    if (bytes === undefined) kill()
    else writePart(exchange, bytes, kill)
  })

/** One bit of the body wrong, counted from the body's first byte. */
export const flipBit = (at: number) =>
  new Fault(`flip bit at ${at}`, ({answer, send}) => {
    const body = Buffer.from(answer.body)
    if (at < body.length) body[at] = body[at]! ^ 1
    send({body})
  })

/** `bytes` too many, announced. */
export const pad = (bytes: number) =>
  new Fault(`pad ${bytes}`, ({answer, send}) =>
    send({body: Buffer.concat([answer.body, Buffer.alloc(bytes, 7)])}),
  )

/** `bytes` too many, unannounced (chunked). */
export const padChunked = (bytes: number) =>
  new Fault(`pad ${bytes} chunked`, ({answer, send}) =>
    send({
      headers: {...answer.headers, 'transfer-encoding': 'chunked'},
      body: Buffer.concat([answer.body, Buffer.alloc(bytes, 7)]),
    }),
  )

/** No Content-Length. */
export const chunked = () =>
  new Fault('chunked', ({answer, send}) =>
    send({headers: {...answer.headers, 'transfer-encoding': 'chunked'}}),
  )

/** Another answer in place of the ordinary one. */
export const answerWith = (other: Partial<Exchange['answer']>) =>
  new Fault('another answer', ({send}) => send(other))

/** The object is another one from this request on. */
export const swap = (bytes: Uint8Array, etag?: string) =>
  new Fault('swap', async ({route, again, send}) => {
    route.replace(bytes, etag)
    send(await again())
  })

/** Whole body and 200 whatever Range says. */
export const ignoreRange = (bytes: Uint8Array) =>
  new Fault('ignore range', ({answer, send}) => {
    const {'content-range': _, ...headers} = answer.headers
    send({status: 200, headers, body: Buffer.from(bytes)})
  })

/** A 206 that claims to be another range. */
export const wrongContentRange = (value: string) =>
  new Fault(`content-range ${value}`, ({answer, send}) =>
    send({status: 206, headers: {...answer.headers, 'content-range': value}}),
  )

export const redirect = (url: string, code = 308) =>
  new Fault(`redirect ${code}`, ({send}) =>
    send({status: code, headers: {location: url}, body: Buffer.alloc(0)}),
  )

/** A sign-in page with status 200. */
export const html = () =>
  new Fault('html', ({send}) =>
    send({
      status: 200,
      headers: {'content-type': 'text/html'},
      body: Buffer.from('<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>'),
    }),
  )

export interface Gate extends Fault {
  /** Resolves when the first `bytes` are on their way. */
  readonly reached: Promise<void>
  /** Sends the rest. */
  release(): void
}

/** Sends `bytes` of the body and waits for `release()`. */
export function holdAfter(bytes: number): Gate {
  let open!: () => void
  let arrive!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const fault = new Fault(`hold after ${bytes}`, async (exchange) => {
    writePart(exchange, bytes, arrive)
    await opened
    exchange.response.end(exchange.answer.body.subarray(bytes))
  })
  return Object.assign(fault, {reached, release: open})
}

function writePart({answer, response}: Exchange, bytes: number, then: () => void): void {
  response.writeHead(answer.status, {
    'content-length': String(answer.body.length),
    ...answer.headers,
  })
  response.flushHeaders()
  if (bytes === 0) then()
  else response.write(answer.body.subarray(0, bytes), () => then())
}
