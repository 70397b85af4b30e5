import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import {connect, createServer, type AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it, onTestFinished} from 'vitest'
import {words} from '../docs/printed-commands.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {tempWorkspace} from '../support/temp-workspace.js'
import {startTestServer} from '../support/test-server.js'

const PASSWORD = 'correct horse battery'
let dir: string
let server: EmbeddedServer
let email: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-test-doctor-'))
  server = await startEmbeddedServer({dir, demo: {scale: 0.01}, isShared: true})
  email = server.demoAnalyst!
  const {id} = server.state.userByEmail(email)!
  const set = await server.call('POST', `/api/users/${id}/set-password`, {
    body: {password: PASSWORD},
  })
  expect(set.status).toBeLessThan(300)
})
afterAll(async () => {
  await server.close()
  await rm(dir, {recursive: true})
})

interface Line {
  id: string
  state: 'ok' | 'warn' | 'fail' | 'skip'
  mend: string | null
}

/** A workspace of the demo in which everything is right; its server can be cut off. */
async function desk() {
  const line = await cuttable()
  const home = await tempDir()
  const root = join(home, 'ws')
  const config = join(home, '.config/agnes')
  const env: Record<string, string> = {HOME: home, AGNES_TOKEN_RENEW_DAYS: '0'}
  const analyst = server.state.userByEmail(email)!
  const {token, row} = server.issuer.personal(analyst, {name: 'a', scope: 'general', seconds: 3600})
  await server.state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  const run = (argv: string[], stdin?: string) =>
    runCli(argv, {env, currentDir: root, ...(stdin === undefined ? {} : {stdin})})
  const place = {
    ...{home, root, config, env, line, token, tokenId: row.id, run},
    inside: (path: string) => join(root, path),
    /** With what a person would answer to its questions. */
    type: (command: string, answers: string[] = [], stdin?: string) =>
      run([...words(command).slice(1), ...answers], stdin),
    async lines() {
      const {json, exitCode} = await run(['doctor', '--json'])
      const checks = (json.checks as Line[]).filter(({id}) => id !== 'path')
      const unwell = checks.filter(({state}) => state !== 'ok').map(({id, state}) => [id, state])
      return {checks, exitCode, unwell: Object.fromEntries(unwell) as Record<string, string>}
    },
  }
  const init = ['init', root, '--server-url', line.url, '--token-stdin']
  expect((await run(init, token)).exitCode).toBe(0)
  expect((await place.lines()).unwell).toEqual({})
  return place
}

type Desk = Awaited<ReturnType<typeof desk>>

/** The shared server at an address of its own, which can go away and come back. */
async function cuttable() {
  const front = createServer((socket) => {
    const behind = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.pipe(behind).pipe(socket)
    for (const end of [socket, behind])
      end.on('error', () => [socket, behind].map((one) => one.destroy()))
    sockets.add(socket)
  })
  const sockets = new Set<{destroy(): void}>()
  const open = (port: number) =>
    new Promise<void>((resolve) => front.listen(port, '127.0.0.1', resolve))
  await open(0)
  const {port} = front.address() as AddressInfo
  const cut = async () => {
    for (const socket of sockets) socket.destroy()
    if (front.listening) await new Promise((resolve) => front.close(resolve))
  }
  onTestFinished(cut)
  return {url: `http://127.0.0.1:${port}`, cut, mend: () => open(port)}
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path, 'utf8')
  const changed = change(text)
  expect(changed).not.toBe(text)
  await writeFile(path, changed)
}

async function withWrongToken({run, env, line}: Desk, argv: string[]): Promise<void> {
  Object.assign(env, {AGNES_SERVER: line.url, AGNES_TOKEN: 'wrong'})
  expect((await run(argv)).exitCode).toBe(7)
  delete env.AGNES_SERVER
  delete env.AGNES_TOKEN
}

async function addTranscript({home, root}: Desk): Promise<void> {
  const folder = join(home, '.claude/projects', root.replaceAll(/[^A-Za-z0-9]/g, '-'))
  await mkdir(folder, {recursive: true})
  const message = {role: 'user', content: 'hi'}
  const line = JSON.stringify({type: 'user', cwd: root, sessionId: 's1', message})
  await writeFile(join(folder, 's1.jsonl'), `${line}\n`)
}

const CREDENTIALS = 'credentials.json'
const SETTINGS = '.claude/settings.json'
const LAST_PULL = '.claude/agnes/last-pull.json'

/** Types what the line says; where it names a person's step as well, `mend` takes that. */
const asPrinted = ({type}: Desk, mend: string) => type(mend)
const signIn = ({type}: Desk, mend: string) =>
  type(mend, ['--email', email, '--password-stdin'], `${PASSWORD}\n`)

interface Break {
  /** How it is broken. */
  how: string
  damage: (desk: Desk) => Promise<unknown>
  /** All lines that are not `ok` then; the first is the one that says why. */
  lines: Record<string, string>
  exitCode: number
  /** What that line prints, where it is not a command and nothing else. */
  prints?: RegExp
  mend?: (desk: Desk, printed: string) => Promise<unknown>
}

const BREAKS: Break[] = [
  {
    how: 'the server does not answer',
    damage: ({line}) => line.cut(),
    lines: {server: 'fail', clock: 'skip', token: 'skip'},
    exitCode: 9,
    prints: /^Check the network and the address, then run: (agnes doctor)$/,
    async mend({line, type}, printed) {
      await line.mend()
      expect((await type(printed)).exitCode).toBe(0)
    },
  },
  {
    how: 'nobody is signed in',
    damage: ({config}) => rm(join(config, CREDENTIALS)),
    lines: {token: 'fail'},
    exitCode: 7,
    mend: signIn,
  },
  {
    how: 'the token was revoked',
    damage: ({tokenId}) =>
      server.state.update(() => ({changes: [{drop: 'tokens', key: [tokenId]}], result: undefined})),
    lines: {token: 'fail'},
    exitCode: 7,
    mend: signIn,
  },
  {
    how: 'the token is about to end',
    damage: async ({env}) => void (env.AGNES_TOKEN_RENEW_DAYS = '1'),
    lines: {token: 'warn'},
    exitCode: 0,
    mend: signIn,
  },
  {
    how: 'the file of tokens is damaged',
    damage: ({config}) => writeFile(join(config, CREDENTIALS), 'junk', {mode: 0o600}),
    lines: {keychain: 'fail', token: 'skip'},
    exitCode: 2,
    prints: /^Move the file away and sign in again with `(agnes init)`\.$/,
    async mend({config, type, token}, printed) {
      await rm(join(config, CREDENTIALS))
      await type(printed, ['--token-stdin'], token)
    },
  },
  {
    how: 'others can read the file of tokens',
    damage: ({config}) => chmod(join(config, CREDENTIALS), 0o644),
    lines: {keychain: 'fail', token: 'skip'},
    exitCode: 2,
    prints: /^Run: (chmod 600 .*\/credentials\.json), and get a new token/,
    mend: (_desk, printed) => chmod(printed.split(' ')[2]!, 0o600),
  },
  {
    how: 'tokens belong into a keychain that is not there',
    damage: ({config}) => appendFile(join(config, 'config.yaml'), 'credential_store: keychain\n'),
    lines: {keychain: 'warn'},
    exitCode: 0,
    mend: signIn,
  },
  {
    how: 'init was interrupted',
    damage: ({inside}) => rm(inside('.claude/init-complete')),
    lines: {workspace: 'warn'},
    exitCode: 0,
  },
  {
    how: 'the hooks are gone',
    damage: ({inside}) => rm(inside(SETTINGS)),
    lines: {hooks: 'fail'},
    exitCode: 2,
  },
  {
    how: 'a hook was changed',
    damage: ({inside}) => edit(inside(SETTINGS), (text) => text.replace('push --quiet', 'push')),
    lines: {hooks: 'fail'},
    exitCode: 2,
  },
  {
    how: 'the settings are not valid',
    damage: ({inside}) => writeFile(inside(SETTINGS), '{'),
    lines: {hooks: 'fail'},
    exitCode: 2,
    prints: /^Repair \.claude\/settings\.json, then run: (agnes hooks install)$/,
    async mend({inside, type}, printed) {
      await rm(inside(SETTINGS))
      await type(printed)
    },
  },
  {
    how: 'the record of tables is damaged',
    damage: ({inside}) => appendFile(inside('.claude/agnes/sync_state.json'), '}'),
    lines: {state: 'fail'},
    exitCode: 10,
  },
  {
    how: 'a table is cut short',
    damage: ({inside}) => truncate(inside('server/parquet/orders.parquet'), 10),
    lines: {files: 'fail', catalog: 'fail'},
    exitCode: 10,
  },
  {
    how: 'a table is gone',
    damage: ({inside}) => rm(inside('server/parquet/orders.parquet')),
    lines: {files: 'fail', catalog: 'fail'},
    exitCode: 10,
  },
  {
    how: 'the catalog is gone',
    damage: ({inside}) => rm(inside('user/duckdb/analytics.duckdb')),
    lines: {catalog: 'fail'},
    exitCode: 10,
  },
  {
    how: 'the catalog is damaged',
    damage: ({inside}) => writeFile(inside('user/duckdb/analytics.duckdb'), 'junk'),
    lines: {catalog: 'fail'},
    exitCode: 10,
  },
  {
    how: 'the catalog was in use when the tables changed',
    damage: ({inside}) =>
      edit(inside('.claude/agnes/sync_state.json'), (text) =>
        text.replace(/"behind": *null/, '"behind": "Somebody had it open."'),
      ),
    lines: {catalog: 'warn'},
    exitCode: 0,
  },
  {
    how: 'the last pull failed',
    damage: (place) => withWrongToken(place, ['pull', '--quiet']),
    lines: {pull: 'fail'},
    exitCode: 7,
  },
  {
    how: 'nobody knows of a pull',
    damage: ({inside}) => rm(inside(LAST_PULL)),
    lines: {pull: 'warn'},
    exitCode: 0,
  },
  {
    how: 'the last pull was long ago',
    damage: ({inside}) =>
      edit(inside(LAST_PULL), (text) => text.replaceAll(/20\d\d-\d\d-\d\dT/g, '2026-01-01T')),
    lines: {pull: 'warn'},
    exitCode: 0,
  },
  {
    how: 'the last push failed',
    async damage(place) {
      await addTranscript(place)
      await withWrongToken(place, ['push', '--quiet'])
    },
    lines: {push: 'fail'},
    exitCode: 7,
  },
]

describe('agnes doctor', () => {
  it.each(BREAKS)('sees that $how, and is green again after what it prints', async (broken) => {
    const place = await desk()
    await broken.damage(place)
    const {checks, unwell, exitCode} = await place.lines()
    expect({unwell, exitCode}).toEqual({unwell: broken.lines, exitCode: broken.exitCode})
    const [id] = Object.keys(broken.lines)
    const printed = checks.find((line) => line.id === id)!.mend ?? ''
    const [, command = ''] = (broken.prints ?? /^(agnes [^`;]+)$/).exec(printed) ?? []
    expect({printed, command}).not.toEqual({printed, command: ''})
    await (broken.mend ?? asPrinted)(place, command)
    const mended = await place.lines()
    expect([mended.unwell, mended.exitCode]).toEqual([{}, 0])
  })

  it('says so when the server finds itself unwell, which is its own people’s to mend', async () => {
    const unwell = await startTestServer()
    unwell.json('/api/health', {status: 'unhealthy'})
    const {home, root} = await tempWorkspace({server: unwell.origin})
    const {json} = await runCli(['doctor', '--json'], {env: {HOME: home}, currentDir: root})
    const line = (json.checks as (Line & {who: string})[]).find(({id}) => id === 'server')
    expect([line?.state, line?.who]).toEqual(['warn', 'admin'])
  })

  it('has a way to break each of its lines here or beside this test', async () => {
    const {lines} = await desk()
    const broken = new Set(BREAKS.map(({lines: all}) => Object.keys(all)[0]))
    const ids = (await lines()).checks.map(({id}) => id)
    // What no test may break on this computer: doctor.test.ts puts something else in its place.
    expect(ids.filter((id) => !broken.has(id))).toEqual(['node', 'clock', 'disk'])
  })
})
