import {appendFile, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../src/lib/config/paths.js'
import {DecisionJournal} from '../../src/lib/journal/decision-journal.js'
import {readDecisions} from '../../src/lib/journal/read-decisions.js'
import {FakeClock} from '../support/fake-clock.js'
import {queryWorkspace} from '../support/query-workspace.js'

const start = {
  user: 'ana@example.com',
  client: 'test 1',
  mode: 'snapshot',
  action: 'snapshot_drop',
  server: 'https://agnes.example.com',
  why: 'not needed',
  seen: {rows: 5},
  did: {name: 'cz'},
}
const done = {result: 'done' as const, code: null, message: null, outcome: {rows: 5}, durationMs: 7}

async function journaled() {
  const workspace = await queryWorkspace({tables: {orders: 'SELECT 1 AS id'}})
  const deps = {workspace: workspace.files, clock: new FakeClock(), random: systemRandom}
  const journal = new DecisionJournal(deps)
  await journal.end(await journal.begin(start), done)
  // Killed while it wrote: half a line, and a decision whose end nobody knows.
  await appendFile(join(workspace.root, workspacePaths.journal), '{"kind":"began","id":"torn')
  await journal.begin({...start, action: 'pull', why: null})
  return workspace
}

it('keeps every whole line past one that a crash cut off', async () => {
  const {files} = await journaled()
  const {decisions, damagedLines} = await readDecisions(files)
  expect(damagedLines).toBe(1)
  expect(decisions.map(({action, result}) => [action, result])).toEqual([
    ['snapshot_drop', 'done'],
    ['pull', 'unknown'],
  ])
  expect(decisions[0]).toMatchObject({...start, ...done, at: '2026-01-31T12:00:00.000Z'})
})

it('shows the same on a terminal, in a pipe, as JSON, in SQL and in Parquet', async () => {
  const {run, root} = await journaled()
  const terminal = await run(['journal'], {tty: true})
  expect(terminal.stdout).toMatch(/snapshot_drop cz +done +not needed/)
  const pipe = await run(['journal'])
  expect(pipe.stdout.split('\n')[0]!.split('\t').slice(2, 5)).toEqual([
    start.user,
    start.action,
    'done',
  ])
  const {json} = await run(['journal', '--json', '--limit', '1'])
  expect([json.total, json.decisions.length, json.warnings.length]).toEqual([2, 1, 1])
  const sql = 'SELECT action, result, who, duration_ms FROM agnes_journal ORDER BY result'
  const asked = await run(['query', sql, '--format', 'csv'])
  expect(asked.stdout.trim().split(/\r?\n/).slice(1)).toEqual([
    'snapshot_drop,done,ana@example.com,7',
    'pull,unknown,ana@example.com,',
  ])
  await run(['journal', '--out', 'j.parquet'])
  expect((await readFile(join(root, 'j.parquet'))).subarray(0, 4).toString()).toBe('PAR1')
  const kept = await run([
    'query',
    `SELECT count(*) AS n FROM '${root}/j.parquet'`,
    '--format',
    'csv',
  ])
  expect(kept.stdout).toContain('2')
})

it('is an empty table where nothing was decided, and refuses another format', async () => {
  const {run} = await queryWorkspace({tables: {orders: 'SELECT 1 AS id'}})
  const asked = await run(['query', 'SELECT count(*) AS n FROM agnes_journal', '--format', 'csv'])
  expect(asked.stdout.trim().split(/\r?\n/)).toEqual(['n', '0'])
  const refused = await run(['journal', '--out', 'j.csv', '--json'])
  expect([refused.exitCode, refused.json.error.code]).toEqual([2, 'journal_format'])
})

it('leaves the name to a table of the analyst', async () => {
  const {run} = await queryWorkspace({catalog: 'CREATE TABLE agnes_journal AS SELECT 42 AS own'})
  const asked = await run(['query', 'FROM agnes_journal', '--format', 'csv'])
  expect(asked.stdout.trim().split(/\r?\n/)).toEqual(['own', '42'])
})
