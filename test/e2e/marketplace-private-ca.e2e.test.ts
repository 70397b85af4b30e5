import {appendFile, chmod, mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {connect, type AddressInfo} from 'node:net'
import {delimiter, dirname, join} from 'node:path'
import {createServer, rootCertificates} from 'node:tls'
import {describe, expect, it, onTestFinished} from 'vitest'
import {installClaudeStub} from '../support/claude-stub.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

const BIN = join(repositoryRoot, 'bin/run.js')
const tls = (name: string) => join(repositoryRoot, 'test/fixtures/tls', name)

/** The embedded server offering one plugin, reached as `https://localhost` with the private certificate. */
async function privateServer(): Promise<{server: EmbeddedServer; origin: string}> {
  const dir = await tempDir()
  const plugin = join(dir, 'marketplace/core/alpha')
  await mkdir(join(plugin, '.claude-plugin'), {recursive: true})
  const manifest = {name: 'alpha', version: '1.0.0', description: 'About alpha'}
  await writeFile(join(plugin, '.claude-plugin/plugin.json'), JSON.stringify(manifest))
  const server = await startEmbeddedServer({dir})
  const row = {
    id: 'alpha',
    groupId: 'analysts',
    resourceType: 'marketplace_plugin',
    resourceId: 'core/alpha',
    assignedAt: '2026-01-31T12:00:00.000000',
    assignedBy: 'test',
  }
  await server.state.update(() => ({changes: [{put: 'grants', row}], result: undefined}))
  const certificate = {
    cert: await readFile(tls('private-leaf.pem')),
    key: await readFile(tls('private-leaf-key.pem')),
  }
  const front = createServer(certificate, (socket) => {
    const behind = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.pipe(behind).pipe(socket)
    socket.on('error', () => behind.destroy())
    behind.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void front.close())
  return {server, origin: `https://localhost:${(front.address() as AddressInfo).port}`}
}

interface Call {
  program: string
  argv: string[]
  env: Record<string, string>
  /** Configuration of the clone, where the call left one. */
  config: string | null
  /** Certificates in the file that git is to trust. */
  trusted: number
}

/** A program of that name which writes down how it was called, and then is the real one. */
async function recording(bin: string, log: string, real: string, program: string): Promise<void> {
  const script = `#!${process.execPath}
const fs = require('node:fs')
const {status} = require('node:child_process').spawnSync(${JSON.stringify(real)}, process.argv.slice(2), {stdio: 'inherit'})
const config = fs.existsSync('clone.git/config') ? fs.readFileSync('clone.git/config', 'utf8') : null
const bundle = process.env.GIT_SSL_CAINFO ? fs.readFileSync(process.env.GIT_SSL_CAINFO, 'utf8') : ''
const trusted = bundle.split('-----BEGIN CERTIFICATE-----').length - 1
const call = {program: '${program}', argv: process.argv, env: process.env, config, trusted}
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify(call) + '\\n')
process.exit(status ?? 1)
`
  await writeFile(join(bin, program), script)
  await chmod(join(bin, program), 0o755)
}

async function desk() {
  const {server, origin} = await privateServer()
  const home = await tempDir()
  const [bin, stub, temp] = ['bin', 'stub', 'tmp'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ]
  await Promise.all([bin, temp].map((path) => mkdir(path)))
  // Outside of what is searched for the token: it holds the environment of git.
  const log = join(await tempDir(), 'calls')
  await installClaudeStub(stub)
  await recording(bin, log, join(stub, 'claude'), 'claude')
  await recording(bin, log, '/usr/bin/git', 'git')
  const env: Record<string, string> = {
    HOME: home,
    TMPDIR: temp,
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    AGNES_NO_KEYCHAIN: '1',
    AGNES_DEBUG: '1',
    // git writes down every process it starts, and every header; nobody has asked it to be discreet.
    GIT_TRACE2_EVENT: join(home, 'git-processes'),
    GIT_TRACE_CURL: join(home, 'git-headers'),
    GIT_TRACE_REDACT: '0',
  }
  const said: string[] = []
  const workspace = join(home, 'ws')
  return {
    server,
    origin,
    home,
    env,
    workspace,
    said,
    async run(argv: string[], stdin?: string) {
      const cwd = argv[0] === 'marketplace' ? workspace : home
      const options = {env, cwd, ...(stdin === undefined ? {} : {stdin})}
      const outcome = await runNode([BIN, ...argv], options)
      said.push(outcome.stdout, outcome.stderr)
      return outcome
    },
    async calls(): Promise<Call[]> {
      const text = await readFile(log, 'utf8')
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Call)
    },
    /** Relative paths of all files below the home folder that hold one of `words`. */
    async filesWith(words: readonly string[]): Promise<string[]> {
      const found: string[] = []
      for (const entry of await readdir(home, {recursive: true, withFileTypes: true})) {
        const path = join(entry.parentPath, entry.name)
        if (!entry.isFile()) continue
        const text = await readFile(path, 'latin1')
        if (words.some((word) => text.includes(word))) found.push(path.slice(home.length + 1))
      }
      return found
    },
  }
}

describe(
  'the marketplace of a server with a private certificate authority',
  {timeout: 120_000},
  () => {
    it('comes by git and goes on to the client as a folder; the token shows nowhere', async () => {
      const place = await desk()
      const {run, origin, server, workspace, said} = place
      await run(['server', 'add', origin, '--ca', tls('private-ca.pem')])
      const init = ['init', workspace, '--server-url', origin, '--token-stdin', '--json']
      expect((await run(init, server.analystToken)).exitCode).toBe(0)
      const first = await run(['marketplace', 'refresh', '--git', '--json'])
      expect(JSON.parse(first.stdout)).toMatchObject({
        server: origin,
        transport: 'git',
        plugins: [{action: 'install', name: 'alpha', state: 'done'}],
      })
      const second = await run(['refresh-marketplace', '--git', '--json'])
      expect(JSON.parse(second.stdout)).toMatchObject({isNew: false, plugins: []})

      const token = server.analystToken
      const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
      const secrets = [token, basic, encodeURIComponent(basic)]
      const calls = await place.calls()
      const [git, claude] = ['git', 'claude'].map((name) =>
        calls.filter(({program}) => program === name),
      ) as [Call[], Call[]]
      expect(
        git.map(({argv}) => argv.find((word) => /^(ls-remote|clone|archive)$/.test(word))),
      ).toEqual(['ls-remote', 'clone', 'archive', 'ls-remote'])
      for (const {argv, config} of calls)
        for (const secret of secrets) {
          expect(argv.join('\n')).not.toContain(secret)
          expect(config ?? '').not.toContain(secret)
        }
      expect(git.some(({config}) => config?.includes(origin))).toBe(true)
      // Named certificates are trusted beside the usual ones, not instead of them.
      const fetching = git.filter(({argv}) => !argv.includes('archive'))
      for (const {trusted} of fetching) expect(trusted).toBeGreaterThan(rootCertificates.length)
      // The client is told of a folder, and of no server.
      for (const {argv, env} of claude) {
        expect(JSON.stringify(env)).not.toContain(token)
        expect(argv.join(' ')).not.toContain(origin)
      }
      const add = claude
        .map(({argv}) => argv.slice(2))
        .find(([, verb, what]) => `${verb} ${what}`.startsWith('marketplace add'))
      expect(add?.[3]).toContain(join(place.home, '.config/agnes/marketplaces/'))

      // What git itself started, and what it sent, as it wrote it down.
      const traced = async (name: string) => readFile(join(place.home, name), 'utf8')
      expect(await traced('git-processes')).toMatch(/child_start.*git-remote-https|remote-https/)
      expect(await traced('git-headers')).toMatch(/Authorization: Basic <redacted>/i)
      expect(await place.filesWith(secrets)).toEqual(['.config/agnes/credentials.json'])
      for (const secret of secrets) expect(said.join('\n')).not.toContain(secret)
      expect(await readdir(join(place.home, 'tmp'))).toEqual([])
    })

    it('is trusted as this account says, and the error names the way where it does not', async () => {
      const {run, origin, server, workspace, env, home} = await desk()
      const refresh = async (...flags: string[]) => {
        const {exitCode, stdout} = await run(['marketplace', 'refresh', ...flags, '--json'])
        return {exitCode, ...(JSON.parse(stdout) as {error?: {code: string; hint: string}})}
      }
      env.NODE_EXTRA_CA_CERTS = tls('private-ca.pem')
      const init = ['init', workspace, '--server-url', origin, '--token-stdin', '--json']
      expect((await run(init, server.analystToken)).exitCode).toBe(0)
      expect(await refresh('--git')).toMatchObject({exitCode: 0, isNew: true})
      delete env.NODE_EXTRA_CA_CERTS
      for (const flags of [['--git'], []]) {
        const {exitCode, error} = await refresh(...flags)
        expect([exitCode, error?.code]).toEqual([9, 'untrusted_certificate'])
        expect(error?.hint).toContain('--ca FILE')
      }
      await appendFile(join(home, '.config/agnes/config.yaml'), `ca: ${tls('private-ca.pem')}\n`)
      expect(await refresh('--git')).toMatchObject({exitCode: 0, isNew: false})
      env.AGNES_TOKEN = 'a-token-that-is-no-good'
      const refused = await refresh('--git')
      expect([refused.exitCode, refused.error?.code]).toEqual([7, 'not_signed_in'])
      expect(JSON.stringify(refused)).not.toContain(env.AGNES_TOKEN)
    })
  },
)
