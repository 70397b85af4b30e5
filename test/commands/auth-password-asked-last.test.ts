import {describe, expect, it} from 'vitest'
import {EMAIL, PASSWORD, signInWorld} from '../support/sign-in-world.js'
import {startTestServer} from '../support/test-server.js'

const VERBS = [
  ['auth', 'login', '--email', EMAIL],
  ['auth', 'token', 'create', 'job', '--email', EMAIL],
]
const person = {tty: true, stdin: `${PASSWORD}\n`}

async function stopped(): Promise<string> {
  const server = await startTestServer()
  await server.close()
  return server.origin
}

describe.each(VERBS)('agnes %s %s, with a person to ask for the password', (...argv) => {
  it('asks nothing while the server is down', async () => {
    const {run} = await signInWorld()
    const server = ['--server', await stopped()]
    const {exitCode, stderr} = await run([...argv, ...server], person)
    expect([exitCode, stderr]).toEqual([9, expect.stringMatching(/^Error: Cannot reach /)])
  })

  it.each([
    [404, 'no such page'],
    [405, 'a page for browsers there'],
  ])('asks nothing where the server has no password sign-in (%d: %s)', async (status) => {
    const {run} = await signInWorld()
    const server = await startTestServer()
    server.on('POST', '/auth/token', () => ({status, body: {detail: 'Page not found'}}))
    const words = [...argv, '--server', server.origin]
    const text = await run(words, person)
    expect([text.exitCode, text.stderr]).toEqual([
      4,
      expect.stringMatching(/^Error: http\S+ does not sign people in by password\.\nNext: .*\n$/),
    ])
    const {json} = await run([...words, '--json'], person)
    expect(json.error).toMatchObject({
      code: 'no_password_sign_in',
      hint: expect.stringContaining(`agnes auth login --server-url ${server.origin}`),
    })
    // What was asked of the server held neither e-mail nor password.
    expect(server.requests.map(({body}) => String(body))).toEqual(['{}', '{}'])
  })

  it('asks once the server is known to take it', async () => {
    const {run, server} = await signInWorld()
    const {exitCode, stderr} = await run([...argv, '--server', server.url], person)
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Password (it is not shown): ')])
  })

  it('asks where nobody at all is refused with 401', async () => {
    const {run} = await signInWorld()
    const server = await startTestServer()
    server.on('POST', '/auth/token', () => ({status: 401, body: {detail: 'User not found'}}))
    const {exitCode, stderr} = await run([...argv, '--server', server.origin], person)
    expect([exitCode, stderr]).toEqual([7, expect.stringContaining('Password (it is not shown): ')])
    expect(stderr).toContain(`did not sign ${EMAIL} in`)
  })

  it('says the same of a password that was piped, in one request', async () => {
    const {run} = await signInWorld()
    const server = await startTestServer()
    const words = [...argv, '--server', server.origin, '--password-stdin', '--json']
    const {exitCode, json} = await run(words, {stdin: PASSWORD})
    expect([exitCode, json.error.code, server.requests.length]).toEqual([
      ...[4, 'no_password_sign_in', 1],
    ])
  })
})

describe('agnes auth login without --email', () => {
  it('asks nothing where the server has neither a sign-in page nor passwords', async () => {
    const {run} = await signInWorld()
    const server = await startTestServer()
    const words = ['auth', 'login', '--server', server.origin]
    const {exitCode, stderr} = await run(words, {tty: true, stdin: `${EMAIL}\n${PASSWORD}\n`})
    expect([exitCode, stderr]).toEqual([4, expect.not.stringContaining('E-mail: ')])
    expect(stderr).toContain('agnes auth import-token')
  })
})
