import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {AuditTrail, type AuditedRequest} from '../../src/server/audit-trail.js'
import type {Authenticator} from '../../src/server/auth/authenticate.js'
import {createHttpApp} from '../../src/server/http-app.js'
import type {AuditRow} from '../../src/server/state/rows.js'
import {SystemState} from '../../src/server/state/system-state.js'
import {SystemStore} from '../../src/server/state/system-store.js'
import {FakeClock} from '../support/fake-clock.js'
import {tempDir} from '../support/temp-dir.js'

const request = (n: number): AuditedRequest => ({
  ...{id: `r${n}`, method: 'POST', url: '/api/query', ip: '127.0.0.1'},
  ...{caller: undefined, changed: undefined},
})

const nobody: Authenticator = {
  authenticate: () => {
    throw new Error('nobody signs in here')
  },
  takeUsedTokens: () => new Set<string>(),
}

/** A trail over a real store whose disk can be held up, or broken. */
async function trail(maxHeld?: number) {
  const store = await SystemStore.open(
    new DuckDbWarehouse(),
    join(await tempDir(), 'system.duckdb'),
  )
  onTestFinished(() => store.close())
  const disk = {isBroken: false, held: Promise.resolve(), appends: 0}
  const logged: {event: string; fields: unknown}[] = []
  const log = (event: string, fields?: unknown) => void logged.push({event, fields})
  const logger = {debug() {}, info() {}, warn: log, error: log}
  const clock = new FakeClock()
  const stop = new AbortController()
  onTestFinished(() => stop.abort(new Error('The test is over.')))
  const audit = new AuditTrail({
    store: {
      async appendAudit(rows: readonly AuditRow[]) {
        disk.appends += 1
        await disk.held
        if (disk.isBroken) throw new Error('no space left on device')
        await store.appendAudit(rows)
      },
      pruneAudit: (before) => store.pruneAudit(before),
    },
    state: await SystemState.load(store),
    authenticator: nobody,
    ...{clock, logger, signal: stop.signal},
    ...(maxHeld === undefined ? {} : {maxHeld}),
  })
  const hold = () => {
    let release = () => {}
    disk.held = new Promise((resolve) => (release = resolve))
    return () => release()
  }
  const written = async () => {
    const {rows} = await store.audit(100_000)
    return rows.map(({requestId}) => requestId).sort()
  }
  return {audit, clock, disk, logger, logged, hold, written}
}

const ids = (count: number) => Array.from({length: count}, (_, n) => `r${n}`).sort()

describe('the audit trail', () => {
  it('writes every entry, also more than it holds at once', async () => {
    const {audit, written} = await trail(5000)
    for (let n = 0; n < 6000; n++) audit.record(request(n), 200)
    expect(audit.isFull).toBe(true)
    await audit.room(request(6000))
    expect(audit.isFull).toBe(false)
    expect(await written()).toEqual(ids(6000))
  })

  it('makes room only once what is held is on disk', async () => {
    const {audit, hold, written, disk} = await trail(2)
    const release = hold()
    for (const n of [0, 1]) audit.record(request(n), 200)
    let isIn = false
    const waiting = audit.room(request(2)).then(() => (isIn = true))
    await Promise.resolve()
    expect([isIn, audit.isFull]).toEqual([false, true])
    release()
    await waiting
    expect([disk.appends, await written()]).toEqual([1, ids(2)])
  })

  it('keeps what could not be written, says so, and writes it once the disk can', async () => {
    const {audit, clock, disk, logged, written} = await trail()
    disk.isBroken = true
    for (const n of [0, 1, 2]) audit.record(request(n), 200)
    await clock.advance(2000)
    await expect(audit.flush()).rejects.toThrow('no space left')
    expect(logged[0]).toMatchObject({event: 'audit not written', fields: {entries: 3}})
    disk.isBroken = false
    await audit.flush()
    expect(await written()).toEqual(ids(3))
  })

  it('says at the end how many entries are lost when the disk stays broken', async () => {
    const {audit, disk, logged} = await trail()
    disk.isBroken = true
    for (const n of [0, 1]) audit.record(request(n), 200)
    await audit.close()
    expect(logged).toMatchObject([{event: 'audit lost', fields: {entries: 2}}])
  })
})

describe('a request that cannot be written down', () => {
  async function app(maxHeld: number) {
    const world = await trail(maxHeld)
    const {audit, logger} = world
    const {app: http} = await createHttpApp({
      ...{audit, logger, clock: systemClock, random: systemRandom, isLoopback: () => false},
      authenticator: nobody,
    })
    const done: string[] = []
    http.post('/do', {config: {access: 'public'}}, async ({id}) => {
      done.push(id)
      return {}
    })
    await http.ready()
    onTestFinished(() => http.close())
    const post = (id: string) =>
      http.inject({method: 'POST', url: '/do', headers: {'x-request-id': id}})
    return {...world, post, done}
  }

  it('waits for the disk, and is then done and written', async () => {
    const {post, done, hold, written, audit} = await app(1)
    await post('r0')
    const release = hold()
    const second = post('r1')
    const third = post('r2')
    while (!audit.isFull) await Promise.resolve()
    expect(done).toEqual(['r0'])
    release()
    expect((await Promise.all([second, third])).map(({statusCode}) => statusCode)).toEqual([
      200, 200,
    ])
    await audit.flush()
    expect(await written()).toEqual(ids(3))
  })

  it('is refused, and not done, while the disk takes nothing', async () => {
    const {post, done, disk, written, audit, logged} = await app(1)
    await post('r0')
    disk.isBroken = true
    for (const id of ['r1', 'r2']) {
      const answer = await post(id)
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
      expect(answer.json().detail).toContain('cannot be written')
    }
    expect(logged.map(({event}) => event)).toContain('request refused: the audit cannot be written')
    disk.isBroken = false
    expect((await post('r3')).statusCode).toBe(200)
    await audit.flush()
    expect([done, await written()]).toEqual([
      ['r0', 'r3'],
      ['r0', 'r3'],
    ])
  })
})
