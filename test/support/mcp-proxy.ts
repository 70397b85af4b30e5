import {createServer, request as httpRequest, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'
import {onTestFinished} from 'vitest'

export interface McpProxy {
  readonly url: string
  /** `METHOD /path` of every request, in order. */
  readonly asked: readonly string[]
  /** From now on requests to paths that match are never answered; resolves when the first one is there. */
  hold(path: RegExp): Promise<void>
  /** Answers are passed on again; those held before stay so. */
  letGo(): void
}

/** Stands before a server: counts what is asked of it, and can keep answers back. */
export async function startMcpProxy(target: string): Promise<McpProxy> {
  const asked: string[] = []
  let held: {path: RegExp; arrived: () => void} | undefined
  const http = createServer((request, response) => {
    const url = request.url ?? '/'
    asked.push(`${request.method} ${url.split('?')[0]}`)
    if (held?.path.test(url)) return held.arrived()
    const {method, headers} = request
    const onward = httpRequest(
      new URL(url, target),
      {method, headers},
      (answer: IncomingMessage) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.close()
    http.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    hold: (path) => new Promise((arrived) => void (held = {path, arrived: () => arrived()})),
    letGo: () => void (held = undefined),
  }
}
