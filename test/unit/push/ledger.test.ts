import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {adoptReferenceRows} from '../../../src/lib/push/adopt-reference.js'
import {classifyFailure, pauseMs} from '../../../src/lib/push/classify-failure.js'
import {compactedLedger, PushLedger} from '../../../src/lib/push/ledger.js'
import {parseLedger, type LedgerRow, type SentRow} from '../../../src/lib/push/ledger-rows.js'
import {tempDir} from '../../support/temp-dir.js'

const SERVER = 'https://agnes.example.com'
const at = '2026-01-31T12:00:00.000Z'

const sent = (session: string, bytes: number, server = SERVER): SentRow => ({
  kind: 'sent',
  server,
  session,
  bytes,
  fileBytes: bytes,
  mtimeMs: 1,
  sha256: 'a',
  parts: 1,
  at,
})

const failed = (session: string, server = SERVER): LedgerRow => ({
  kind: 'failed',
  server,
  session,
  fileBytes: 1,
  mtimeMs: 1,
  status: null,
  code: 'x',
  message: 'y',
  isPermanent: false,
  attempts: 1,
  retryAtMs: 5,
  at,
})

describe('parseLedger', () => {
  it.each([
    ['{"kind":"sent"}'],
    ['{"kind":"toString"}'],
    ['[]'],
    ['null'],
    ['7'],
    [JSON.stringify({...sent('a', 1), bytes: '1'})],
    [JSON.stringify({...sent('a', 1), server: null})],
    [JSON.stringify(sent('a', 1)).slice(0, -5)],
  ])('counts %s as damaged and keeps its neighbours', (line) => {
    const text = `${JSON.stringify(sent('a', 1))}\n${line}\n${JSON.stringify(failed('b'))}\n`
    expect(parseLedger(text)).toEqual({rows: [sent('a', 1), failed('b')], damagedRows: 1})
  })
})

describe('compactedLedger', () => {
  it('leaves a small ledger alone', () => {
    expect(compactedLedger([sent('a', 1), sent('a', 2)])).toBeUndefined()
  })

  it('says the same as the whole ledger, for every server', async () => {
    const files = new NodeFiles(await tempDir(), systemRandom)
    const row = fc
      .tuple(
        fc.constantFrom('a', 'b', 'c'),
        fc.nat(3),
        fc.constantFrom(SERVER, 'https://b'),
        fc.nat(3),
      )
      .map(([session, bytes, server, kind]): LedgerRow => {
        if (kind === 0) return failed(session, server)
        if (kind === 1) return {kind: 'part', server, session, part: bytes, sha256: `${bytes}`, at}
        if (kind === 2) return {kind: 'notes', server, sha256: `${bytes}`, at}
        return sent(session, bytes, server)
      })
    const views = async (rows: readonly LedgerRow[]) => {
      const answers: unknown[] = []
      for (const server of [SERVER, 'https://b']) {
        const {ledger} = await PushLedger.load(files, server)
        ledger.assume(rows)
        for (const session of ['a', 'b', 'c'])
          answers.push(
            ledger.sentOf(session),
            ledger.failureOf(session),
            ledger.isPartSent(session, 1, '1'),
          )
        answers.push(ledger.lastNotesHash)
      }
      return answers
    }
    await fc.assert(
      fc.asyncProperty(fc.array(row, {minLength: 1, maxLength: 30}), async (rows) => {
        const many = [...Array.from({length: 2100}, () => rows[0]!), ...rows]
        const compacted = compactedLedger(many)!
        expect(compacted.length).toBeLessThan(60)
        expect(await views(compacted)).toEqual(await views(many))
      }),
      {numRuns: 60},
    )
  })
})

describe('adoptReferenceRows', () => {
  const adopt = (reference: [string, number][], rows: LedgerRow[], workspaceServer?: string) =>
    adoptReferenceRows({
      reference: new Map(reference),
      rows,
      server: SERVER,
      workspaceServer,
      nowMs: 0,
    }).map(({session, bytes}) => `${session} ${bytes}`)

  it('takes over what the reference client sent, once', () => {
    expect(adopt([['a', 10]], [], SERVER)).toEqual(['a 10'])
    expect(adopt([['a', 10]], [sent('a', 10)])).toEqual([])
    expect(adopt([['a', 10]], [sent('a', 5)])).toEqual(['a 10'])
    expect(adopt([['a', 10]], [sent('a', 15)])).toEqual([])
  })

  it('does not take what went to another server', () => {
    expect(adopt([['a', 10]], [], 'https://other.example')).toEqual([])
    expect(adopt([['a', 10]], [sent('a', 10, 'https://other.example')])).toEqual([])
  })
})

describe('PushLedger', () => {
  it('writes each row once and tells the reference client in one write', async () => {
    const files = new NodeFiles(await tempDir(), systemRandom)
    const {ledger} = await PushLedger.load(files, SERVER)
    await Promise.all(
      Array.from({length: 50}, (_, index) => ledger.record(sent(`s${index}`, index))),
    )
    await ledger.updateReference()
    await ledger.updateReference()
    const again = await PushLedger.load(files, SERVER)
    expect(again.rows).toHaveLength(50)
    expect(again.reference.get('s49')).toBe(49)
    expect((await files.readText('.claude/agnes-sessions-uploaded.txt'))!.split('\n')[7]).toBe(
      's7\t7\t2026-01-31T12:00:00Z',
    )
  })

  it('keeps rows of others whose write failed together with one', async () => {
    let isFull = true
    const files = new NodeFiles(await tempDir(), systemRandom, {
      beforeWrite() {
        if (isFull) throw Object.assign(new Error('full'), {code: 'ENOSPC'})
      },
    })
    const {ledger} = await PushLedger.load(files, SERVER)
    const first = ledger.record(sent('a', 1))
    const second = first.catch(() => (isFull = false))
    const third = ledger.record(sent('b', 1))
    await expect(first).rejects.toMatchObject({code: 'disk_full'})
    await second
    await third.catch(() => ledger.record())
    await ledger.record(sent('c', 1))
    const {rows} = await PushLedger.load(files, SERVER)
    expect(rows.map((row) => (row.kind === 'sent' ? row.session : ''))).toEqual(['a', 'b', 'c'])
  })
})

describe('pauses after failures', () => {
  it('doubles from five minutes to a day', () => {
    expect([1, 2, 3, 9, 30, 2000].map((attempts) => pauseMs(attempts) / 60_000)).toEqual([
      5, 10, 20, 1280, 1440, 1440,
    ])
  })

  it('takes a bug of ours for no reason to give a transcript up', () => {
    expect(classifyFailure(new TypeError('x')).outcome).toBe('later')
  })
})
