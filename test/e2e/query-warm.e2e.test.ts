import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {warmQueryClient} from '../../src/lib/adapters/warm-query-client.js'
import {packageVersion} from '../../src/lib/context/package-version.js'
import {installedCli} from '../support/installed-cli.js'
import {queryWorkspace} from '../support/query-workspace.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode, spawnProcess} from '../support/spawn-node.js'
import {PATIENCE_MS} from '../support/warm-query.js'

const ENDLESS = "SELECT i, 'some text ' || i FROM range(1000000000) t(i)"
const THINKING = 'SELECT count(*) FROM range(10000000000000) a(i) WHERE hash(i) = 1'

const LONG = 'SELECT count(*) AS n FROM range(300000000) t(i) WHERE hash(i) = 1'

/** How a process that starts is waited for. */
const SOON = {timeout: 60_000, interval: 10}

/** A workspace, and a process that answers its queries; the daemon starts it where `hasDaemon`. */
async function computer() {
  const entry = await installedCli()
  const workspace = await queryWorkspace({
    tables: {orders: 'SELECT i AS id FROM range(1000) t(i)'},
    catalog: "CREATE TABLE mine AS SELECT 'own' AS whose",
    state: {listed: [{name: 'web_sessions', queryMode: 'remote', reason: 'remote'}]},
  })
  const {home, root} = workspace
  await mkdir(join(home, '.config/agnes'), {recursive: true, mode: 0o700})
  await writeFile(join(root, 'user/report.sql'), 'SELECT 3 AS three')
  await writeFile(join(root, 'user/numbers.csv'), 'a,b\n1,2\n')
  const env = {HOME: home, AGNES_NO_KEYCHAIN: '1', AGNES_QUERY_THREADS: '1'}
  const socket = join(home, '.config/agnes/queries.sock')
  const engine = async () => {
    await rm(socket, {force: true})
    const started = spawnProcess(process.execPath, [entry, 'daemon', 'engine', '--json'], {env})
    await vi.waitFor(() => stat(socket), SOON)
    return started
  }
  const query = (argv: string[], options: {stdin?: string; isCold?: boolean} = {}) =>
    runNode([entry, 'query', ...argv], {
      cwd: root,
      env: options.isCold ? {...env, AGNES_NO_WARM_QUERIES: '1'} : env,
      ...(options.stdin === undefined ? {} : {stdin: options.stdin}),
    })
  const start = (argv: string[]) => {
    const child = spawn(process.execPath, [entry, 'query', ...argv], {cwd: root, env})
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const client = warmQueryClient(join(home, '.config/agnes'), home, PATIENCE_MS)
  const untilFree = async () => {
    while ((await client.connect('any')) === 'busy') continue
  }
  /** A query without an end, in the middle of the engine's answer; left alone by a slow one, it asks anew. */
  const endless = async () => {
    for (;;) {
      await untilFree()
      const child = start([ENDLESS, '--format', 'csv'])
      await once(child.stdout, 'data')
      if ((await client.connect('any')) === 'busy') return child
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  return {...workspace, entry, env, socket, engine, query, start, client, untilFree, endless}
}

const answeredBy = async (
  engine: Awaited<ReturnType<Awaited<ReturnType<typeof computer>>['engine']>>,
) => {
  engine.child.kill('SIGTERM')
  const {stdout} = await engine.ended
  return (JSON.parse(stdout) as {answered: number}).answered
}

describe('warm queries between processes', {timeout: 240_000}, () => {
  it('are the cold ones, from the command line to the exit code', async () => {
    const pc = await computer()
    const cases: {argv: string[]; stdin?: string}[] = [
      {argv: ['SELECT count(*) AS n FROM orders']},
      {argv: ['FROM mine', '--json']},
      {argv: ["FROM 'user/numbers.csv'"]},
      {argv: ['FROM orders LIMIT 2', '--format', 'arrow']},
      {argv: ['-f', 'user/report.sql', '--format', 'csv']},
      {argv: ['--stdin', '--format', 'ndjson'], stdin: '{"sql": "SELECT 4 AS four"}'},
      {argv: ['--stdin'], stdin: 'SELECT 5 AS five'},
      {argv: ['FROM orders', '--limit', '5']},
      {argv: ['FROM nothing']},
      {argv: ['SELEC', '--json']},
      {argv: ['']},
      {argv: []},
    ]
    const cold = []
    for (const {argv, ...rest} of cases) cold.push(await pc.query(argv, {...rest, isCold: true}))
    const engine = await pc.engine()
    for (const [index, {argv, ...rest}] of cases.entries())
      expect({argv, ...(await pc.query(argv, rest))}).toEqual({argv, ...cold[index]})
    const out = await pc.query(['FROM mine', '--out', 'mine.csv', '--format', 'csv'])
    expect(out).toMatchObject({exitCode: 0})
    // A file is written by the process that was told to; an engine that is slow to say hello is left alone.
    const answered = await answeredBy(engine)
    expect(answered).toBeGreaterThan(cases.length / 2)
    expect(answered).toBeLessThanOrEqual(cases.length)
  })

  it('say the same of a catalog that another program holds, and of a state that is damaged', async () => {
    const pc = await computer()
    const hold = `
      const {DuckDBInstance} = await import('@duckdb/node-api')
      globalThis.held = await DuckDBInstance.create('${join(pc.root, 'user/duckdb/analytics.duckdb')}')
      console.log('held')
      process.stdin.resume()
      setInterval(() => {}, 1000)`
    const holder = spawnProcess(process.execPath, ['--input-type=module', '-e', hold], {
      cwd: repositoryRoot,
    })
    await holder.sees('held')
    const engine = await pc.engine()
    const both = async (sql: string) => {
      const cold = await pc.query([sql], {isCold: true})
      expect(await pc.query([sql])).toEqual(cold)
      return cold
    }
    expect(await both('FROM mine')).toMatchObject({exitCode: 11})
    expect(await both('SELECT count(*) AS n FROM orders')).toMatchObject({exitCode: 0})
    holder.child.kill('SIGKILL')
    await holder.ended
    expect(await both('FROM mine')).toMatchObject({exitCode: 0})
    await writeFile(join(pc.root, '.claude/agnes/sync_state.json'), '{"half":')
    const {stderr} = await both('FROM mine')
    expect(stderr).toContain('Warning')
    expect(await both('FROM orders')).toMatchObject({exitCode: 13})
    expect(await answeredBy(engine)).toBeGreaterThan(0)
  })

  it('reads standard input again where the engine gave the query back', async () => {
    const pc = await computer()
    const engine = await pc.engine()
    const options = {stdin: 'FROM web_sessions'}
    const cold = await pc.query(['--stdin'], {...options, isCold: true})
    expect(cold.stderr).toContain('it is a remote table')
    expect(await pc.query(['--stdin'], options)).toEqual(cold)
    expect(await answeredBy(engine)).toBe(0)
  })

  it('end with the reader, by Ctrl-C and by the death of the command, and free the engine', async () => {
    const pc = await computer()
    const engine = await pc.engine()
    const reader = await pc.endless()
    reader.stdout.destroy()
    expect(await once(reader, 'exit')).toEqual([0, null])
    const flowing = await pc.endless()
    flowing.stdout.resume()
    flowing.kill('SIGINT')
    expect(await once(flowing, 'exit')).toEqual([130, null])
    const killed = await pc.endless()
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const thinking = pc.start([THINKING])
    thinking.kill('SIGTERM')
    await once(thinking, 'exit')
    await pc.untilFree()
    expect(await pc.query(['SELECT 1'])).toMatchObject({exitCode: 0})
    expect(await answeredBy(engine)).toBeGreaterThan(1)
  })

  it('are answered cold when the engine dies before the answer, and say so when it is cut', async () => {
    const pc = await computer()
    const first = await pc.engine()
    const cut = await pc.endless()
    let stderr = ''
    cut.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    cut.stdout.resume()
    first.child.kill('SIGKILL')
    expect(await once(cut, 'close')).toEqual([9, null])
    expect(stderr).toContain('ended in the middle of the answer')
    // The socket of a dead engine.
    expect(await pc.query(['SELECT 1 AS n', '--format', 'csv'])).toEqual({
      ...{exitCode: 0, signal: null, stdout: 'n\n1\n', stderr: ''},
    })
    const second = await pc.engine()
    const slow = pc.start([LONG, '--format', 'csv'])
    let stdout = ''
    slow.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    const ended = once(slow, 'close')
    // On a very slow computer it does not wait for the engine at all, which is as well.
    while (slow.exitCode === null && (await pc.client.connect('any')) !== 'busy') continue
    second.child.kill('SIGKILL')
    expect(await ended).toEqual([0, null])
    expect(stdout).toBe('n\n0\n')
  })

  it('begin with the second query where a daemon runs', async () => {
    const pc = await computer()
    const daemon = spawnProcess(process.execPath, [pc.entry, 'daemon', 'run'], pc)
    const control = join(pc.home, '.config/agnes/daemon.sock')
    await vi.waitFor(() => stat(control), SOON)
    expect(await pc.query(['SELECT 1'])).toMatchObject({exitCode: 0})
    await vi.waitFor(() => stat(pc.socket), SOON)
    expect(await pc.query(['SELECT 2 AS n', '--format', 'csv'])).toMatchObject({stdout: 'n\n2\n'})
    daemon.child.kill('SIGTERM')
    await daemon.ended
    expect(await pc.client.connect(packageVersion())).toBe('none')
    expect(await pc.query(['SELECT 3 AS n', '--format', 'csv'])).toMatchObject({stdout: 'n\n3\n'})
  })
})
