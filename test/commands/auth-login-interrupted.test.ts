import {describe, expect, it} from 'vitest'
import {login} from '../../src/lib/auth/login.js'
import {readEnv} from '../../src/lib/config/env.js'
import {createContext, withOverrides} from '../../src/lib/context.js'
import {InterruptedError} from '../../src/lib/errors.js'
import {fakeToken} from '../support/fake-agnes.js'
import {EMAIL} from '../support/sign-in-world.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer} from '../support/test-server.js'

/** Signs in by browser, and never says whether it takes a token that was pasted. */
async function silentServer() {
  const server = await startTestServer()
  server.on('POST', '/cli/auth/exchange', ({body}) =>
    JSON.parse(String(body)).code === undefined
      ? {status: 422, body: {detail: 'code is required'}}
      : {status: 200, body: {token: fakeToken({email: EMAIL}), email: EMAIL}},
  )
  const asked = new Promise<void>((resolve) => {
    server.on('GET', '/api/catalog/tables', () => {
      resolve()
      return new Promise(() => undefined)
    })
  })
  return {origin: server.origin, asked}
}

async function agnesLogin(origin: string, stdin: string, stop?: AbortSignal) {
  const home = await tempDir()
  return runCli(['auth', 'login', '--no-browser', '--server', origin], {
    ...{tty: true, stdin, currentDir: home, env: {HOME: home}},
    ...(stop ? {stop} : {}),
  })
}

describe('agnes auth login --no-browser', () => {
  it('ends with 130 on Ctrl-C while the server thinks about the pasted token', async () => {
    const {origin, asked} = await silentServer()
    const stop = new AbortController()
    const outcome = agnesLogin(origin, `${fakeToken()}\n`, stop.signal)
    await asked
    stop.abort(new InterruptedError('SIGINT'))
    const {exitCode, stdout, stderr} = await outcome
    expect([exitCode, stdout]).toEqual([130, ''])
    expect(stderr).toMatch(/Error: Interrupted\.\n$/)
  })

  it('ends with 130 on Ctrl-C while a token is waited for', async () => {
    const {origin} = await silentServer()
    expect((await agnesLogin(origin, 'agn\u0003')).exitCode).toBe(130)
  })

  it('takes the browser’s answer although the pasted token has none yet', async () => {
    const {origin, asked} = await silentServer()
    const home = await tempDir()
    const env = readEnv({HOME: home, AGNES_NO_KEYCHAIN: '1'})
    const context = await withOverrides({env}, async () => createContext())
    let page: Promise<Response> | undefined
    const options = {
      ...{origin, store: undefined, isHeadless: true, waitMs: 60_000},
      ...{password: undefined, askPassword: undefined},
      askToken: async () => fakeToken(),
      async onAddress(url: string) {
        const {port, state} = Object.fromEntries(new URL(url).searchParams)
        const back = `http://127.0.0.1:${port}/callback?state=${state}&code=0123456789`
        page = asked.then(() => fetch(back))
      },
    }
    const {method, email} = await login(context, options, new AbortController().signal)
    expect([method, email, (await page)?.status]).toEqual(['browser', EMAIL, 200])
  })
})
