import {readFile, stat, writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {daemonComputer} from '../support/daemon-computer.js'
import {flatTable} from '../support/flat-table.js'
import {ownCli} from '../support/installed-cli.js'

describe('the daemon as a process', {timeout: 180_000}, () => {
  it('starts, answers, is one, and stops', async () => {
    const pc = await daemonComputer(['one'])
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
    const pc = await daemonComputer(['one', 'two'])
    await pc.agnes('daemon', 'start')
    const first = await pc.agnes('daemon', 'sync-now', '--wait')
    expect(first.json.workspaces.map(({outcome}: any) => outcome.kind)).toEqual(['done', 'done'])
    for (const root of pc.roots) expect(await pc.rowsOf(root, 'a')).toBe(10)
    pc.server.publish([await flatTable('a', 33)])
    await pc.agnes('daemon', 'sync-now', '--wait')
    for (const root of pc.roots) {
      expect(await pc.rowsOf(root, 'a')).toBe(33)
      expect(await pc.rowsOf(root, 'b')).toBeUndefined()
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
    const pc = await daemonComputer(['one'], await ownCli())
    const old = await pc.agnes('daemon', 'start')
    const manifest = join(pc.entry, '../../package.json')
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, text.replace(/"version": "[^"]+"/, '"version": "99.0.0"'))
    const now = await pc.agnes('daemon', 'start')
    expect(now.json).toMatchObject({outcome: 'replaced', version: '99.0.0'})
    expect(now.json.pid).not.toBe(old.json.pid)
  })

  it('starts beside a socket and a lock that a crash left behind', async () => {
    const pc = await daemonComputer(['one'])
    const {json} = await pc.agnes('daemon', 'start')
    process.kill(json.pid, 'SIGKILL')
    // The socket file is still there, and nobody listens.
    expect((await stat(join(pc.config, 'daemon.sock'))).isSocket()).toBe(true)
    const next = await pc.agnes('daemon', 'start')
    expect(next.json).toMatchObject({outcome: 'started'})
    expect((await pc.status()).isRunning).toBe(true)
  })

  it('is not mistaken for a socket that never answers', async () => {
    const pc = await daemonComputer(['one'])
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(join(pc.config, 'daemon.sock'), resolve))
    onTestFinished(() => void silent.close())
    const {exitCode, json} = await pc.agnes('daemon', 'status')
    expect({exitCode, code: json.error.code}).toEqual({exitCode: 9, code: 'daemon_silent'})
  })
})
