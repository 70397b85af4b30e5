import {appendFile, mkdir, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {DecisionJournal, type DecisionStart} from '../../../src/lib/journal/decision-journal.js'
import {FULL_BYTES, MOST_PARTS} from '../../../src/lib/journal/journal-files.js'
import {readDecisions} from '../../../src/lib/journal/read-decisions.js'
import {inSlot, noteUnfinished} from '../../../src/lib/journal/slots.js'
import {queryWorkspace} from '../../support/query-workspace.js'

const start: DecisionStart = {
  ...{user: null, client: 'test', mode: 'snapshot', action: 'pull', server: null, why: 'so'},
  ...{seen: null, did: {}},
}
const done = {result: 'done' as const, code: null, message: null, outcome: null, durationMs: 1}

async function place() {
  const workspace = await queryWorkspace()
  const deps = {workspace: workspace.files, clock: systemClock, random: systemRandom}
  const path = join(workspace.root, workspacePaths.journal)
  const folder = join(workspace.root, '.claude/agnes')
  await mkdir(folder, {recursive: true})
  const lockOf = (slot: number) => new FileLock(join(folder, `decision-${slot}.lock`), systemClock)
  const parts = async () =>
    (await readdir(folder)).filter((name) => /^journal-.*\.ndjson$/.test(name))
  /** A line of a decision, long enough for `bytes` of them. */
  const filler = (id: string, bytes: number) =>
    `{"kind":"began","format":1,"id":"${id}","at":"2026-01-01T00:00:00.000Z","action":"pull",` +
    `"why":"${'x'.repeat(bytes)}"}\n`
  return {...workspace, deps, path, folder, lockOf, parts, filler}
}

it('puts a full file aside and goes on in a new one; all of it is read, in SQL too', async () => {
  const {deps, path, parts, filler, files, run} = await place()
  const journal = new DecisionJournal(deps)
  const id = await journal.begin(start)
  await appendFile(path, filler('big', FULL_BYTES))
  await journal.end(id, done)
  expect(await parts()).toHaveLength(1)
  const {decisions, damagedLines, letGo} = await readDecisions(files)
  expect(decisions.map(({id: one, result}) => [one, result])).toEqual([
    [id, 'done'],
    ['big', 'unknown'],
  ])
  expect([damagedLines, letGo]).toEqual([0, 0])
  const sql = 'SELECT result, count(*) AS n FROM agnes_journal GROUP BY 1 ORDER BY 1'
  const asked = await run(['query', sql, '--format', 'csv'])
  expect(asked.stdout.trim().split(/\r?\n/)).toEqual(['result,n', 'done,1', 'unknown,1'])
})

it('loses no decision of two writers while both put the file aside', async () => {
  const {deps, path, filler, files} = await place()
  await writeFile(path, filler('big', FULL_BYTES - 2_000))
  const write = async () => {
    const journal = new DecisionJournal(deps)
    for (let count = 0; count < 20; count++) await journal.end(await journal.begin(start), done)
  }
  await Promise.all([write(), write(), write()])
  const {decisions, damagedLines} = await readDecisions(files)
  expect(decisions.filter(({result}) => result === 'done')).toHaveLength(60)
  expect(damagedLines).toBe(0)
})

it('says how many decisions it let go when it had grown over its bound', async () => {
  const {deps, path, folder, parts, filler, files, run} = await place()
  for (let count = 0; count < MOST_PARTS; count++) {
    const stamp = `20260101T0000000${String(count).padStart(2, '0')}Z`
    await writeFile(join(folder, `journal-${stamp}-00.ndjson`), filler(`p${count}`, 5))
  }
  await writeFile(path, filler('big', FULL_BYTES))
  const journal = new DecisionJournal(deps)
  await journal.end(await journal.begin(start), done)
  expect(await parts()).toHaveLength(MOST_PARTS)
  const {decisions, letGo, damagedLines} = await readDecisions(files)
  expect([letGo, damagedLines, decisions.length]).toEqual([1, 0, MOST_PARTS + 1])
  const {json} = await run(['journal', '--json', '--limit', '1'])
  expect(json.letGo).toBe(1)
  expect(JSON.stringify(json.warnings)).toContain('1 older decision(s) were let go')
})

it('notes decisions whose process was ended, once, and none that is under way', async () => {
  const {deps, files, lockOf} = await place()
  const journal = new DecisionJournal(deps)
  await inSlot(lockOf, async (slot) => {
    const id = await journal.begin({...start, slot})
    expect(await noteUnfinished(deps, lockOf)).toBe(0)
    await journal.end(id, done)
  })
  await journal.begin({...start, slot: 0})
  expect(await noteUnfinished(deps, lockOf)).toBe(1)
  expect(await noteUnfinished(deps, lockOf)).toBe(0)
  const {decisions} = await readDecisions(files)
  expect(decisions.map(({result, code}) => [result, code])).toEqual([
    ['done', null],
    ['unfinished', 'process_ended'],
  ])
})

it('gives decisions at the same time slots of their own, and goes without when there is none', async () => {
  const {lockOf} = await place()
  const slots: (number | null)[] = []
  const nest = (depth: number): Promise<void> =>
    inSlot(lockOf, async (slot) => {
      slots.push(slot)
      if (depth > 1) await nest(depth - 1)
    })
  await nest(17)
  expect(slots).toEqual([...Array.from({length: 16}, (_, slot) => slot), null])
})

it('answers to its name in a workspace without tables', async () => {
  const {run, deps} = await place()
  const journal = new DecisionJournal(deps)
  await journal.end(await journal.begin(start), done)
  const asked = await run(['query', 'SELECT action, result FROM agnes_journal', '--format', 'csv'])
  expect(asked.stdout.trim().split(/\r?\n/)).toEqual(['action,result', 'pull,done'])
  expect((await run(['journal', '--out', 'j.parquet', '--json'])).json).toMatchObject({total: 1})
})
