import {timingSafeEqual} from 'node:crypto'
import {createServer, type IncomingMessage} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import {AuthError} from '../errors.js'
import type {SignInCallback} from '../ports/sign-in-callback.js'

const CODE = /^[A-Za-z0-9_-]{8,512}$/
/** A token in an address stays in the browser's history: no genuine server sends one. */
const NEVER = ['token', 'access_token', 'id_token']

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
}

type Verdict =
  | {status: 200; code: string}
  | {status: 200; declined: true}
  | {status: 400 | 403 | 404 | 405 | 410}

/** Listens on a free loopback port for the callback that carries `state`. */
export async function listenForCallback(state: string): Promise<SignInCallback> {
  let settle: {resolve: (code: string) => void; reject: (error: Error) => void} | undefined
  const code = new Promise<string>((resolve, reject) => (settle = {resolve, reject}))
  // It may be declined before anybody waits.
  code.catch(() => undefined)
  let isOver = false
  // Browsers open connections ahead of time; one that never asks would keep the listener open for a minute.
  const silent = new Set<Socket>()
  const http = createServer((request, response) => {
    silent.delete(request.socket)
    const verdict = isOver ? ({status: 410} as const) : judge(request, state, portOf())
    response.writeHead(verdict.status, HEADERS).end(pageFor(verdict))
    if (verdict.status !== 200) return
    isOver = true
    if ('code' in verdict) settle?.resolve(verdict.code)
    else settle?.reject(declined())
  })
  http.on('connection', (socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  const portOf = () => (http.address() as AddressInfo).port
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(0, '127.0.0.1', resolve)
  })
  let closing: Promise<void> | undefined
  return {
    port: portOf(),
    code,
    close: () =>
      (closing ??= new Promise((resolve) => {
        http.close(() => resolve())
        http.closeIdleConnections()
        for (const socket of silent) socket.destroy()
      })),
  }
}

function judge(request: IncomingMessage, state: string, port: number): Verdict {
  const {host} = request.headers
  // A page may point a name of its own at this port (DNS rebinding); the name it was asked by tells.
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return {status: 403}
  const [path, text = ''] = (request.url ?? '/').split('?', 2)
  if (path !== '/callback') return {status: 404}
  if (request.method !== 'GET') return {status: 405}
  const query = new URLSearchParams(text)
  if (NEVER.some((name) => query.has(name))) return {status: 400}
  const [states, codes] = [query.getAll('state'), query.getAll('code')]
  if (states.length !== 1 || !isSame(states[0] ?? '', state)) return {status: 400}
  if (query.has('error')) return {status: 200, declined: true}
  const [code] = codes
  return codes.length === 1 && code !== undefined && CODE.test(code)
    ? {status: 200, code}
    : {status: 400}
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function declined(): AuthError {
  return new AuthError('The sign-in was declined in the browser.', {
    code: 'sign_in_declined',
    hint: 'Run the command again, or import a token with `agnes auth import-token`.',
  })
}

function pageFor(verdict: Verdict): string {
  const text =
    verdict.status !== 200
      ? 'This is not the sign-in that your terminal waits for.'
      : 'code' in verdict
        ? 'You are signed in. You can close this window and go back to your terminal.'
        : 'Nothing was signed in. You can close this window.'
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>agnes</title><body><h1>agnes</h1><p>${text}</p></body></html>\n`
}
