import {mkdir, readdir, readFile, utimes, writeFile} from 'node:fs/promises'
import {hostname} from 'node:os'
import {join} from 'node:path'
import {build} from 'esbuild'
import {describe, expect, it} from 'vitest'
import {FileLock} from '../../src/lib/adapters/file-lock.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {BusyError} from '../../src/lib/errors.js'
import {FakeClock} from '../support/fake-clock.js'
import {repositoryRoot} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

const take = {waitMs: 0, command: 'test'}
const lockIn = (dir: string) => new FileLock(join(dir, 'agnes/pull.lock'), systemClock)

async function workerFile(dir: string): Promise<string> {
  const outfile = join(dir, 'worker.mjs')
  const entryPoints = [join(repositoryRoot, 'test/support/lock-worker.ts')]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  })
  return outfile
}

/** A lock file as an earlier process left it. */
async function leftBehind(dir: string, owner: object | string, ageMs = 0): Promise<void> {
  const file = join(dir, 'agnes/pull.lock.4')
  await mkdir(join(dir, 'agnes'), {recursive: true})
  await writeFile(file, typeof owner === 'string' ? owner : JSON.stringify(owner))
  const at = (systemClock.now() - ageMs) / 1000
  await utimes(file, at, at)
}

describe('FileLock', () => {
  it('gives the result of the work, and can be taken again', async () => {
    const lock = lockIn(await tempDir())
    expect(await lock.hold(take, async () => 1)).toBe(1)
    expect(await lock.hold(take, async () => 2)).toBe(2)
  })

  it('is given back when the work fails', async () => {
    const lock = lockIn(await tempDir())
    await expect(lock.hold(take, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await lock.hold(take, async () => 'free')).toBe('free')
  })

  it('says in a sentence why it cannot be taken', async () => {
    const dir = await tempDir()
    const long = new FileLock(join(dir, 'x'.repeat(300)), systemClock)
    await expect(long.hold(take, async () => 1)).rejects.toMatchObject({code: 'name_too_long'})
  })

  it('says who holds it, and refuses at once when told not to wait', async () => {
    const lock = lockIn(await tempDir())
    await lock.hold({waitMs: 0, command: 'agnes pull'}, async () => {
      const refusal = await lock.hold(take, async () => 'in').catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(BusyError)
      expect(refusal).toMatchObject({
        ...{code: 'locked', exitCode: 11},
        details: {holder: {pid: process.pid, host: hostname(), command: 'agnes pull'}},
      })
    })
  })

  it('waits its turn and tells so once', async () => {
    const lock = lockIn(await tempDir())
    const order: string[] = []
    let release = () => {}
    const first = lock.hold(take, async () => {
      await new Promise<void>((resolve) => (release = resolve))
      order.push('first')
    })
    const onWait = () => {
      order.push('waiting')
      release()
    }
    await lock.hold(
      {waitMs: 10_000, command: 'second', onWait},
      async () => void order.push('second'),
    )
    await first
    expect(order).toEqual(['waiting', 'first', 'second'])
  })

  it('stops waiting when the signal fires', async () => {
    const lock = lockIn(await tempDir())
    const stop = new AbortController()
    const reason = new Error('enough')
    await lock.hold(take, async () => {
      const waiting = {waitMs: 60_000, command: 'x', onWait: () => stop.abort(reason)}
      await expect(lock.hold(waiting, async () => 1, stop.signal)).rejects.toBe(reason)
    })
  })

  it.each([
    ['a process that is gone', {pid: 2 ** 22 + 1, host: hostname(), startedAt: 'x:1'}, 0],
    [
      'a pid that belongs to another process now',
      {pid: process.pid, host: hostname(), startedAt: 'boot:1'},
      0,
    ],
    [
      'another host, without a heartbeat for long',
      {pid: 1, host: 'elsewhere', startedAt: ''},
      3_600_000,
    ],
    ['nobody, written half', '{"pid":', 60_000],
    ['nobody, empty', '', 60_000],
  ])('takes over from %s', async (_, owner, ageMs) => {
    const dir = await tempDir()
    await leftBehind(
      dir,
      typeof owner === 'string' ? owner : {...owner, command: 'x', since: '2026-01-01T00:00:00Z'},
      ageMs,
    )
    expect(await lockIn(dir).hold(take, async () => 'mine')).toBe('mine')
    expect(await readdir(join(dir, 'agnes'))).toEqual(['pull.lock.5'])
  })

  it.each([
    ['another host with a fresh heartbeat', {pid: 1, host: 'elsewhere', startedAt: ''}],
    ['a file being written just now', ''],
  ])('respects %s', async (_, owner) => {
    const dir = await tempDir()
    await leftBehind(
      dir,
      owner === '' ? '' : {...(owner as object), command: 'x', since: '2026-01-01T00:00:00Z'},
    )
    await expect(lockIn(dir).hold(take, async () => 1)).rejects.toThrow(BusyError)
  })

  it('outwaits one that was killed while it wrote its name, however short it waits', async () => {
    const dir = await tempDir()
    await leftBehind(dir, '')
    const clock = new FakeClock(systemClock.now())
    const lock = new FileLock(join(dir, 'agnes/pull.lock'), clock)
    let isOver = false
    const mine = lock
      .hold({waitMs: 1, command: 'test'}, async () => 'mine')
      .finally(() => (isOver = true))
    while (!isOver)
      await (clock.waiting > 0 ? clock.advance(100) : new Promise((turn) => setImmediate(turn)))
    expect(await mine).toBe('mine')
  })
})

describe('FileLock between processes', () => {
  it('lets one of eight processes in at a time, also when holders are killed', async () => {
    const dir = await tempDir()
    const worker = await workerFile(dir)
    await writeFile(join(dir, 'counter'), '0')
    const hanging = spawnProcess(process.execPath, [worker, dir, '1', 'hang'])
    await hanging.sees('holding')
    const others = Array.from({length: 8}, () =>
      spawnProcess(process.execPath, [worker, dir, '25']),
    )
    await new Promise((resolve) => others[7]!.child.once('spawn', resolve))
    hanging.child.kill('SIGKILL')
    const ends = await Promise.all(others.map(({ended}) => ended))
    expect(ends.map(({exitCode, stderr}) => [exitCode, stderr])).toEqual(Array(8).fill([0, '']))
    expect(await readFile(join(dir, 'counter'), 'utf8')).toBe('200')
    const log = (await readFile(join(dir, 'log'), 'utf8')).trim().split('\n').slice(1)
    for (let index = 0; index < log.length; index += 2)
      expect(log[index + 1]).toBe(log[index]!.replace('+', '-'))
    expect((await readdir(dir)).filter((name) => name.startsWith('pull.lock'))).toHaveLength(1)
  })
})
