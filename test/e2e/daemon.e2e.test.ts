import {mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import type {DaemonStatusResult} from '../../src/commands/daemon/status.js'
import {startCountingServer, type PublishedFile} from '../support/counting-server.js'
import {installedCli} from '../support/installed-cli.js'
import {untilAllHaveLeft} from '../support/left-processes.js'
import {runNode, spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'
import {parquet} from '../unit/sync/pull-world.js'

const flat = async (table: string, rows: number): Promise<PublishedFile> => ({
  ...{table, part: null},
  bytes: await parquet(rows),
})

/** A computer with a server to talk to, some workspaces, and no daemon yet. */
async function computer(workspaces: string[]) {
  const entry = await installedCli()
  const home = await tempDir()
  const config = join(home, '.config/agnes')
  const server = await startCountingServer()
  server.publish([await flat('a', 10), await flat('b', 20)])
  const roots = workspaces.map((name) => join(home, name))
  for (const root of roots) await mkdir(join(root, 'server/parquet'), {recursive: true})
  const entries = roots.map((path) => ({path, server: server.origin, createdAt: '2026-01-31'}))
  await mkdir(config, {recursive: true, mode: 0o700})
  await writeFile(join(config, 'workspaces.json'), JSON.stringify({format: 1, workspaces: entries}))
  const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't', AGNES_NO_KEYCHAIN: '1'}
  const agnes = async (...argv: string[]) => {
    const end = await runNode([entry, ...argv, '--json'], {env, cwd: home})
    const json = end.stdout === '' ? undefined : (JSON.parse(end.stdout) as unknown)
    return {...end, json: json as any}
  }
  const status = async () => (await agnes('daemon', 'status')).json as DaemonStatusResult
  onTestFinished(async () => {
    const {daemon} = await status()
    if (daemon) process.kill(daemon.pid, 'SIGTERM')
    await untilAllHaveLeft(home)
  })
  return {entry, home, config, server, roots, env, agnes, status}
}

const rowsOf = async (pc: Awaited<ReturnType<typeof computer>>, root: string, table: string) => {
  const sql = `SELECT count(*) AS n FROM ${table}`
  const {json} = await pc.agnes('query', sql, '--workspace', root)
  return json?.rows?.[0]?.[0] as unknown
}

describe('the daemon as a process', {timeout: 180_000}, () => {
  it('starts, answers, is one, and stops', async () => {
    const pc = await computer(['one'])
    const started = await pc.agnes('daemon', 'start')
    expect(started.json).toMatchObject({outcome: 'started'})
    expect((await pc.agnes('daemon', 'start')).json).toMatchObject({
      outcome: 'already_running',
      pid: started.json.pid,
    })
    const second = await pc.agnes('daemon', 'run')
    expect(second).toMatchObject({exitCode: 11, json: {error: {code: 'locked'}}})
    expect((await stat(join(pc.config, 'daemon.sock'))).mode & 0o777).toBe(0o600)
    expect((await pc.agnes('daemon', 'stop')).json).toEqual({pid: started.json.pid})
    expect(await pc.status()).toEqual({isRunning: false, daemon: null})
    expect((await pc.agnes('daemon', 'stop')).json).toEqual({pid: null})
    expect(await pc.agnes('daemon', 'findings')).toMatchObject({
      exitCode: 4,
      json: {error: {code: 'daemon_not_running'}},
    })
  })

  it('brings a change to every workspace and takes away what is revoked', async () => {
    const pc = await computer(['one', 'two'])
    await pc.agnes('daemon', 'start')
    const first = await pc.agnes('daemon', 'sync-now', '--wait')
    expect(first.json.workspaces.map(({outcome}: any) => outcome.kind)).toEqual(['done', 'done'])
    for (const root of pc.roots) expect(await rowsOf(pc, root, 'a')).toBe(10)
    pc.server.publish([await flat('a', 33)])
    await pc.agnes('daemon', 'sync-now', '--wait')
    for (const root of pc.roots) {
      expect(await rowsOf(pc, root, 'a')).toBe(33)
      expect(await rowsOf(pc, root, 'b')).toBeUndefined()
    }
    // It looks at the files after a pull, and now and then.
    const states = async () => (await pc.status()).daemon?.workspaces.map(({state}) => state.kind)
    await expect.poll(states, {timeout: 120_000}).toEqual(['idle', 'idle'])
    const asked = await pc.agnes('daemon', 'sync-now')
    expect(asked.json.workspaces).toEqual(pc.roots.map((path) => ({path, outcome: null})))
    await pc.agnes('daemon', 'sync-now', '--wait')
    const log = await pc.agnes('daemon', 'logs')
    expect(log.json.events.map(({event}: any) => event)).toContain('workspace.state')
  })

  it('is replaced by one of the version that asks', async () => {
    const pc = await computer(['one'])
    const old = await pc.agnes('daemon', 'start')
    const manifest = join(pc.entry, '../../package.json')
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace(/"version": "[^"]+"/, '"version": "99.0.0"'))
    const now = await pc.agnes('daemon', 'start')
    expect(now.json).toMatchObject({outcome: 'replaced', version: '99.0.0'})
    expect(now.json.pid).not.toBe(old.json.pid)
  })

  it('starts beside a socket and a lock that a crash left behind', async () => {
    const pc = await computer(['one'])
    const {json} = await pc.agnes('daemon', 'start')
    process.kill(json.pid, 'SIGKILL')
    // The socket file is still there, and nobody listens.
    expect((await stat(join(pc.config, 'daemon.sock'))).isSocket()).toBe(true)
    const next = await pc.agnes('daemon', 'start')
    expect(next.json).toMatchObject({outcome: 'started'})
    expect((await pc.status()).isRunning).toBe(true)
  })

  it('is not mistaken for a socket that never answers', async () => {
    const pc = await computer(['one'])
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(join(pc.config, 'daemon.sock'), resolve))
    onTestFinished(() => void silent.close())
    const {exitCode, json} = await pc.agnes('daemon', 'status')
    expect({exitCode, code: json.error.code}).toEqual({exitCode: 9, code: 'daemon_silent'})
  })

  it('that is killed at any point is followed by one that converges', async () => {
    const pc = await computer(['one', 'two'])
    for (let round = 0; round < 4; round++) {
      pc.server.publish([await flat('a', 1000 + round), await flat('b', 20)])
      const {json} = await pc.agnes('daemon', 'start')
      const sync = spawnProcess(
        process.execPath,
        [pc.entry, 'daemon', 'sync-now', '--wait', '--json'],
        {env: pc.env, cwd: pc.home},
      )
      // Somewhere between the question and the last file: a different point every time.
      const bytes = 1 + round * 5000
      await Promise.race([pc.server.sent(bytes), sync.ended])
      process.kill(json.pid, 'SIGKILL')
      const {exitCode} = await sync.ended
      // 4: it was killed before anybody could ask.
      expect([0, 4, 9, 12]).toContain(exitCode)
    }
    await pc.agnes('daemon', 'start')
    // A pull that outlived its daemon still has its lock: the loop tries again.
    for (;;) {
      const {json} = await pc.agnes('daemon', 'sync-now', '--wait')
      if (json.workspaces.every(({outcome}: any) => outcome.kind === 'done')) break
    }
    for (const root of pc.roots) expect(await rowsOf(pc, root, 'a')).toBe(1003)
  })
})
