import {request} from 'node:http'
import {connect} from 'node:net'
import {describe, expect, it, onTestFinished} from 'vitest'
import {listenForCallback} from '../../src/lib/adapters/loopback-callback.js'

const STATE = 'a-state-nobody-can-guess-0123456789'
const CODE = 'code-0123456789abcdef'

async function listening() {
  const callback = await listenForCallback(STATE)
  onTestFinished(() => callback.close())
  const ask = (path: string, options: {method?: string; host?: string} = {}) =>
    new Promise<{status: number; body: string; headers: NodeJS.Dict<string | string[]>}>(
      (resolve, reject) => {
        const sent = request(
          {
            ...{host: '127.0.0.1', port: callback.port, path, method: options.method ?? 'GET'},
            headers: {host: options.host ?? `127.0.0.1:${callback.port}`},
          },
          (response) => {
            let body = ''
            response.on('data', (chunk) => (body += chunk))
            response.on('end', () =>
              resolve({status: response.statusCode ?? 0, body, headers: response.headers}),
            )
          },
        )
        sent.on('error', reject)
        sent.end()
      },
    )
  return {callback, ask}
}

const good = `/callback?code=${CODE}&state=${STATE}`

describe('the loopback callback', () => {
  it('takes the code of the genuine callback, and only once', async () => {
    const {callback, ask} = await listening()
    const page = await ask(good)
    expect([page.status, page.body.includes('You are signed in')]).toEqual([200, true])
    expect(await callback.code).toBe(CODE)
    expect((await ask(good)).status).toBe(410)
    expect((await ask(good.replace(CODE, 'another-code-123'))).status).toBe(410)
    expect(await callback.code).toBe(CODE)
  })

  it.each([
    ['another state', `/callback?code=${CODE}&state=${STATE.slice(1)}x`, {}, 400],
    ['no state', `/callback?code=${CODE}`, {}, 400],
    ['an empty state', `/callback?code=${CODE}&state=`, {}, 400],
    ['two states', `${good}&state=${STATE}`, {}, 400],
    ['no code', `/callback?state=${STATE}`, {}, 400],
    ['two codes', `${good}&code=${CODE}`, {}, 400],
    ['a code that is none', `/callback?code=../../etc&state=${STATE}`, {}, 400],
    ['a very long code', `/callback?code=${'x'.repeat(600)}&state=${STATE}`, {}, 400],
    ['a token in the address', `${good}&token=eyJ`, {}, 400],
    ['an access token in the address', `${good}&access_token=eyJ`, {}, 400],
    ['a POST', good, {method: 'POST'}, 405],
    ['a HEAD', good, {method: 'HEAD'}, 405],
    ['another path', good.replace('/callback', '/'), {}, 404],
    ['a path below', good.replace('/callback', '/callback/x'), {}, 404],
    ['a path of another host', good.replace('/callback', '//evil/callback'), {}, 404],
    ['the name of a stranger (DNS rebinding)', good, {host: 'evil.example'}, 403],
    ['the right name with another port', good, {host: '127.0.0.1:1'}, 403],
    ['a name that begins right', good, {host: '127.0.0.1.evil.example'}, 403],
  ] as const)(
    'answers %s with nothing that signs in, and waits on',
    async (_name, path, options, status) => {
      const {callback, ask} = await listening()
      const answer = await ask(path, options)
      expect(answer.status).toBe(status)
      expect(answer.body).not.toContain(CODE)
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
      expect((await ask(good)).status).toBe(200)
      expect(await callback.code).toBe(CODE)
    },
  )

  it('says that the person declined, only to the right state', async () => {
    const {callback, ask} = await listening()
    expect((await ask('/callback?error=declined&state=wrong')).status).toBe(400)
    expect((await ask(`/callback?error=declined&state=${STATE}`)).status).toBe(200)
    await expect(callback.code).rejects.toMatchObject({code: 'sign_in_declined', exitCode: 7})
  })

  it('survives what is no HTTP', async () => {
    const {callback, ask} = await listening()
    const socket = connect(callback.port, '127.0.0.1')
    await new Promise((resolve) => {
      socket.on('close', resolve).on('error', () => undefined)
      socket.end('\u0016\u0003\u0001 not http\r\n\r\n')
      socket.resume()
    })
    expect((await ask(good)).status).toBe(200)
  })

  it('waits for no connection that was opened ahead of time and asks nothing', async () => {
    const {callback, ask} = await listening()
    const ahead = connect(callback.port, '127.0.0.1')
    const closed = new Promise((resolve) => ahead.on('error', () => undefined).on('close', resolve))
    await new Promise((resolve) => ahead.once('connect', resolve))
    expect((await ask(good)).status).toBe(200)
    await callback.close()
    await closed
  })

  it('is not reachable by another address of this computer', async () => {
    const {callback} = await listening()
    const refused = await new Promise((resolve) =>
      connect(callback.port, '::1')
        .on('error', () => resolve(true))
        .on('connect', () => resolve(false)),
    )
    expect(refused).toBe(true)
  })
})
