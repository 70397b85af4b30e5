import {readFileSync} from 'node:fs'
import {createServer as createHttp} from 'node:http'
import {createServer as createHttps} from 'node:https'
import {connect, type AddressInfo, type Server} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {installedCli} from '../support/installed-cli.js'
import {runNode} from '../support/spawn-node.js'

const tls = (name: string) => join(repositoryRoot, 'test/fixtures/tls', name)
const TOKENS = [{id: 'a', name: 'a', created_at: null, expires_at: null, revoked_at: null}]

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    ;(server as {closeAllConnections?: () => void}).closeAllConnections?.()
  })
  return (server.address() as AddressInfo).port
}

/** An HTTPS server whose certificate only the private authority vouches for. */
async function privateServer(movedTo?: string) {
  const tokens: (string | undefined)[] = []
  const certificate = {
    cert: readFileSync(tls('private-leaf.pem')),
    key: readFileSync(tls('private-leaf-key.pem')),
  }
  const port = await listen(
    createHttps(certificate, (request, response) => {
      tokens.push(request.headers.authorization)
      if (movedTo !== undefined) response.writeHead(308, {location: movedTo + request.url}).end()
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(TOKENS))
    }),
  )
  return {port, tokens, origin: `https://localhost:${port}`}
}

/** A proxy that knows `agnes.test`, which no name server does. */
async function connectProxy(target: () => number, answer = 200) {
  const asked: {target: string | undefined; headers: NodeJS.Dict<string | string[]>}[] = []
  const proxy = createHttp((_request, response) => response.writeHead(405).end())
  proxy.on('connect', (request, socket, head) => {
    asked.push({target: request.url, headers: request.headers})
    if (answer !== 200) return void socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`)
    const through = connect(target(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      through.write(head)
      through.pipe(socket).pipe(through)
    })
    socket.on('error', () => through.destroy())
    through.on('error', () => socket.destroy())
  })
  return {url: `http://127.0.0.1:${await listen(proxy)}`, asked}
}

async function account() {
  const [home, configDir] = [await tempDir(), await tempDir()]
  return {
    configDir,
    run: (argv: string[], env: Record<string, string> = {}) =>
      runCli(argv, {
        currentDir: home,
        env: {HOME: home, AGNES_CONFIG_DIR: configDir, ...env},
      }),
  }
}

const list = ['auth', 'token', 'list', '--json']

describe('an encrypted server', () => {
  it('that sends us to an unencrypted one is named, and the token stays', async () => {
    const asked: (string | undefined)[] = []
    const port = await listen(
      createHttp(({url}, response) => {
        asked.push(url)
        response.end('[]')
      }),
    )
    const plain = `http://localhost:${port}`
    const {origin} = await privateServer(plain)
    const {run} = await account()
    await run(['server', 'add', origin, '--name', 'work', '--ca', tls('private-ca.pem')])
    for (const argv of [list, ['catalog', '--json'], ['admin', 'user', 'list', '--json']]) {
      const {exitCode, json} = await run([...argv, '--server', 'work'], {AGNES_TOKEN: 't'})
      expect([exitCode, json.error]).toMatchObject([
        2,
        {code: 'insecure_redirect', details: {origin, target: plain}},
      ])
    }
    const text = await run(['admin', 'user', 'list', '--server', 'work'], {AGNES_TOKEN: 't'})
    expect(text.stderr).toContain(`redirects to ${plain}, which is not encrypted`)
    expect(asked).toEqual([])
  })
})

describe('a private certificate authority', () => {
  it('is not trusted unasked, and the error names the way', async () => {
    const {origin} = await privateServer()
    const {run} = await account()
    const {exitCode, json} = await run(list, {AGNES_SERVER: origin, AGNES_TOKEN: 't'})
    expect([exitCode, json.error.code]).toEqual([9, 'untrusted_certificate'])
    expect(json.error.hint).toContain('agnes server add URL --ca FILE')
  })

  it('is trusted for the server it was given for', async () => {
    const {origin, tokens} = await privateServer()
    const {run} = await account()
    await run(['server', 'add', origin, '--name', 'work', '--ca', tls('private-ca.pem')])
    const {exitCode, json} = await run([...list, '--server', 'work'], {AGNES_TOKEN: 't'})
    expect([exitCode, json.server, tokens]).toEqual([0, origin, ['Bearer t']])
    const other = await privateServer()
    const refused = await run(list, {AGNES_SERVER: other.origin, AGNES_TOKEN: 't'})
    expect([refused.json.error.code, other.tokens]).toEqual(['untrusted_certificate', []])
  })

  it('is trusted for all servers by `ca` in config.yaml', async () => {
    const {origin} = await privateServer()
    const {run, configDir} = await account()
    const {writeFile} = await import('node:fs/promises')
    await writeFile(join(configDir, 'config.yaml'), `ca: ${tls('private-ca.pem')}\n`)
    const {exitCode} = await run(list, {AGNES_SERVER: origin, AGNES_TOKEN: 't'})
    expect(exitCode).toBe(0)
  })

  it.each(['missing.pem', 'README.md'])('refuses %s as a file of certificates', async (name) => {
    const {origin} = await privateServer()
    const {run} = await account()
    await run(['server', 'add', origin, '--name', 'work', '--ca', tls(name)])
    const {exitCode, json} = await run(list, {AGNES_SERVER: origin, AGNES_TOKEN: 't'})
    expect([exitCode, json.error.code]).toEqual([2, 'bad_ca_file'])
  })

  it('is trusted by NODE_EXTRA_CA_CERTS', async () => {
    const {origin} = await privateServer()
    const [home, cli] = [await tempDir(), await installedCli()]
    const {exitCode, stdout} = await runNode([cli, ...list], {
      cwd: home,
      env: {
        ...{HOME: home, AGNES_SERVER: origin, AGNES_TOKEN: 't', AGNES_NO_KEYCHAIN: '1'},
        NODE_EXTRA_CA_CERTS: tls('private-ca.pem'),
      },
    })
    expect([exitCode, JSON.parse(stdout).server]).toEqual([0, origin])
  }, 60_000)
})

describe('a proxy', () => {
  async function behindProxy(answer?: number) {
    const server = await privateServer()
    const proxy = await connectProxy(() => server.port, answer)
    const {run} = await account()
    await run(['server', 'add', 'https://agnes.test', '--ca', tls('private-ca.pem')])
    const ask = (env: Record<string, string>) =>
      run([...list, '--server', 'agnes'], {AGNES_TOKEN: 't', ...env})
    return {server, proxy, ask}
  }

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'of %s carries the connection, never the token',
    async (name) => {
      const {proxy, server, ask} = await behindProxy()
      const {exitCode, json} = await ask({[name]: proxy.url})
      expect([exitCode, json.server]).toEqual([0, 'https://agnes.test'])
      expect(proxy.asked.map(({target}) => target)).toEqual(['agnes.test:443'])
      expect(JSON.stringify(proxy.asked)).not.toContain('Bearer')
      expect(server.tokens).toEqual(['Bearer t'])
    },
  )

  it('gets its own user and password, which no error shows', async () => {
    const {proxy, ask} = await behindProxy(407)
    const withUser = proxy.url.replace('//', '//user:hush@')
    const {exitCode, stdout} = await ask({HTTPS_PROXY: withUser})
    expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(
      `Basic ${Buffer.from('user:hush').toString('base64')}`,
    )
    expect([
      exitCode,
      stdout.includes('through the proxy 127.0.0.1'),
      stdout.includes('hush'),
    ]).toEqual([9, true, false])
  })

  it('is left out for the hosts of NO_PROXY and for this computer', async () => {
    const {proxy, server, ask} = await behindProxy()
    expect((await ask({HTTPS_PROXY: proxy.url, NO_PROXY: '.test'})).exitCode).toBe(9)
    const {run} = await account()
    const env = {AGNES_SERVER: server.origin, AGNES_TOKEN: 't', HTTPS_PROXY: proxy.url}
    expect((await run(list, env)).json.error.code).toBe('untrusted_certificate')
    expect(proxy.asked).toEqual([])
  })

  it('of a kind we do not speak is refused', async () => {
    const {ask} = await behindProxy()
    const {exitCode, json} = await ask({HTTPS_PROXY: 'socks5://127.0.0.1:1'})
    expect([exitCode, json.error.code]).toEqual([2, 'bad_proxy'])
  })
})
