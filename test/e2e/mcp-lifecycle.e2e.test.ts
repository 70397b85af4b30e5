import {mkdtemp, readdir, readFile, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {failureOf, greet, startMcp} from '../support/mcp-client.js'
import {startMcpProxy} from '../support/mcp-proxy.js'
import {runCli} from '../support/run-cli.js'
import {removeFolder, tempDir} from '../support/temp-dir.js'

let data: string
let server: EmbeddedServer

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'agnes-test-mcp-life-'))
  server = await startEmbeddedServer({dir: data, demo: true, isShared: true})
}, 120_000)
afterAll(async () => {
  await server?.close()
  await removeFolder(data)
})

const part = {table: 'web_sessions', select: ['device'], where: "country_code = 'CZ'", name: 'cz'}
const SCAN = /\/api\/v2\/scan$/

async function place() {
  const home = await tempDir()
  const root = join(home, 'ws')
  const proxy = await startMcpProxy(server.url)
  const argv = ['init', root, '--server-url', proxy.url, '--token-stdin', '--no-pull', '--json']
  const made = await runCli(argv, {env: {HOME: home}, stdin: server.analystToken})
  expect(made.exitCode).toBe(0)
  const start = (env: Record<string, string> = {}) =>
    startMcp(['--workspace', root], {HOME: home, AGNES_TOKEN_RENEW_DAYS: '0', ...env})
  const journal = async () => {
    const {json} = await runCli(['journal', '--json'], {env: {HOME: home}, currentDir: root})
    return (json.decisions as {action: string; result: string}[]).map(
      ({action, result}) => `${action} ${result}`,
    )
  }
  /** A snapshot of which the server has just been asked, and answers nothing. */
  const fetching = async () => {
    const mcp = start()
    await greet(mcp)
    const {handle} = await mcp.ask('estimate', part)
    const arrived = proxy.hold(SCAN)
    const input = {...part, handle, reason: 'to keep'}
    const params = {name: 'snapshot_create', arguments: input}
    const answer = mcp.request('tools/call', params, 'held')
    await arrived
    return {mcp, answer}
  }
  const snapshots = async () => (await readdir(join(root, 'user/snapshots')).catch(() => [])).sort()
  return {home, root, proxy, start, journal, fetching, snapshots}
}

it('asks no network before the first tool that needs it', async () => {
  const {proxy, start} = await place()
  const before = proxy.asked.length
  const mcp = start()
  await greet(mcp)
  for (const method of ['tools/list', 'resources/list', 'prompts/list', 'ping'])
    expect((await mcp.request(method)).error).toBeUndefined()
  await mcp.ask('status')
  await mcp.ask('snapshot_list')
  expect((await mcp.ask('query', {sql: 'SELECT 42'})).rows).toEqual([[42]])
  expect(proxy.asked.slice(before)).toEqual([])
  await mcp.ask('catalog')
  expect(proxy.asked.length).toBeGreaterThan(before)
}, 120_000)

it('ends cleanly when its input closes in the middle of calls, and notes what was cut short', async () => {
  const {journal, fetching, snapshots} = await place()
  const {mcp} = await fetching()
  const sql = 'SELECT sum(sqrt(a.range * b.range)) FROM range(10000000) a, range(10000000) b'
  void mcp.request('tools/call', {name: 'query', arguments: {sql}})
  mcp.closeInput()
  expect(await mcp.ended).toEqual({exitCode: 0, signal: null})
  expect(mcp.stderr()).toBe('')
  expect(await journal()).toEqual(['snapshot_create cancelled'])
  expect(await snapshots()).toEqual([])
}, 120_000)

it('notes a cancelled change as cancelled, leaves nothing of it, and lives on', async () => {
  const {proxy, journal, fetching, snapshots} = await place()
  const {mcp} = await fetching()
  mcp.send({method: 'notifications/cancelled', params: {requestId: 'held'}})
  await expect.poll(journal, {timeout: 60_000}).toEqual(['snapshot_create cancelled'])
  expect(await snapshots()).toEqual([])
  proxy.letGo()
  const {handle} = await mcp.ask('estimate', part)
  const made = await mcp.ask('snapshot_create', {...part, handle, reason: 'again'})
  expect(made.rows).toBeGreaterThan(1000)
  expect(await journal()).toEqual(['snapshot_create cancelled', 'snapshot_create done'])
}, 120_000)

it('notes a change whose server was killed as unfinished at the next start', async () => {
  const {proxy, start, journal, fetching, snapshots} = await place()
  const {mcp} = await fetching()
  mcp.killServer()
  await mcp.ended
  expect(await journal()).toEqual(['snapshot_create unknown'])
  proxy.letGo()
  const next = start()
  await greet(next)
  await expect.poll(journal, {timeout: 60_000}).toEqual(['snapshot_create unfinished'])
  const {handle} = await next.ask('estimate', part)
  await next.ask('snapshot_create', {...part, handle, reason: 'again'})
  expect((await snapshots()).filter((name) => name.includes('tmp'))).toEqual([])
}, 120_000)

it('keeps whatever libraries and children print out of the frames', async () => {
  const {home, start} = await place()
  const noise = join(home, 'noise.cjs')
  await writeFile(
    noise,
    `if (process.argv.some((word) => word === '--frames' || word === '--answer')) {
      const make = () => {
        process.stdout.write('printed\\n')
        require('node:fs').writeSync(1, 'native\\n')
        require('node:child_process').spawnSync('echo', ['child'], {stdio: 'inherit'})
      }
      // What is to be done has its turn in between, however long that takes.
      const again = () => setTimeout(() => { make(); again() }, 100).unref()
      make()
      again()
    }`,
  )
  const mcp = start({NODE_OPTIONS: `--require ${noise}`})
  await greet(mcp)
  expect((await mcp.ask('query', {sql: 'SELECT 42'})).rows).toEqual([[42]])
  expect(failureOf(await mcp.call('query', {sql: 'DROP TABLE x'})).code).toBe('not_a_query')
  mcp.closeInput()
  expect((await mcp.ended).exitCode).toBe(0)
  for (const line of mcp.stdout().trimEnd().split('\n'))
    expect(JSON.parse(line)).toMatchObject({jsonrpc: '2.0'})
  for (const word of ['printed', 'native', 'child']) expect(mcp.stderr()).toContain(word)
}, 120_000)

it('never gives our own token away, whatever an agent asks', async () => {
  const {root, home, start} = await place()
  const mcp = start()
  await greet(mcp)
  const token = server.analystToken
  const sql = `SELECT '${token}' AS a, base64('${token}'::BLOB) AS b, hex('${token}') AS c`
  const {rows} = await mcp.ask('query', {sql})
  expect(JSON.stringify(rows).match(/REDACTED/g)?.length).toBeGreaterThanOrEqual(3)
  await mcp.call('schema', {table: token})
  await mcp.call('query', {sql: `SELECT ${token}`})
  expect(mcp.stdout()).not.toContain(token)
  await mcp.call('snapshot_drop', {name: token, reason: token, handle: token})
  const text = await readFile(join(root, '.claude/agnes/journal.ndjson'), 'utf8').catch(() => '')
  expect(text).not.toContain(token)
  expect(await readdir(home)).toContain('ws')
}, 120_000)
