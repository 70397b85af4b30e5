import {expect, it} from 'vitest'
import {NodeFiles} from '../../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../../src/lib/adapters/system-random.js'
import {parseDaemonSettings} from '../../../../src/lib/daemon/daemon-settings.js'
import {FindingBook} from '../../../../src/lib/daemon/findings/finding-book.js'
import type {Finding, Observation} from '../../../../src/lib/daemon/model.js'
import {tempDir} from '../../../support/temp-dir.js'

const NOW = '2026-01-31T12:00:00.000Z'
const big: Observation = {
  kind: 'pull_too_big',
  subject: '',
  message: 'A pull would fetch 9 GB.',
  action: ['pull', '--quiet'],
}
const quiet = () => undefined

/** A book with one finding that was approved, and what a daemon that takes it over reads and tells. */
async function approved() {
  const config = new NodeFiles(await tempDir(), systemRandom)
  const told: string[] = []
  const open = () =>
    FindingBook.open(
      {
        config,
        logger: {debug: quiet, info: quiet, warn: quiet, error: quiet},
        settings: () => parseDaemonSettings(undefined),
        tell: async ({id, state}) => void told.push(`${id} ${state}`),
      },
      NOW,
    )
  const book = await open()
  await book.update('/a', [big], NOW)
  const id = book.list()[0]!.id
  const finding = await book.decide(id, 'approved', NOW)
  told.length = 0
  const decisions = async () =>
    ((await config.readText('logs/daemon-journal.ndjson')) ?? '')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as {decision: string}).decision)
  const states = (others: Finding[]) => others.map(({state}) => state)
  return {config, told, open, book, finding, decisions, states, id}
}

it('an approval that had not begun holds for the next daemon', async () => {
  const {open, told, states} = await approved()
  expect([states((await open()).list()), told]).toEqual([['approved'], []])
})

it('an approval that had begun when the daemon was killed is asked again, once', async () => {
  const {open, told, states, book, finding, decisions, id} = await approved()
  await book.begin(finding, NOW)
  expect([states((await open()).list()), told]).toEqual([['waiting'], [`${id} waiting`]])
  expect(await decisions()).toEqual(['found', 'approved', 'mend', 'cut_short'])
  expect([states((await open()).list()), told.length]).toEqual([['waiting'], 1])
})

it('an approval whose action a stop interrupted holds for the next daemon', async () => {
  const {open, told, states, book, finding} = await approved()
  await book.begin(finding, NOW)
  await book.putBack(finding, NOW)
  expect([states((await open()).list()), told]).toEqual([['approved'], []])
})

it('what a person decides while its action runs in vain stands', async () => {
  const {states, book, finding, id} = await approved()
  await book.begin(finding, NOW)
  await book.decide(id, 'denied', NOW)
  const outcome = {exitCode: 1, document: {}}
  await book.finish(finding, {seen: [big], outcome, now: NOW})
  expect(states(book.list())).toEqual(['denied'])
})

it('what a killed daemon left half written goes with the next one', async () => {
  const {config, open} = await approved()
  await config.writeAtomic('daemon-findings.json.0123456789ab.tmp', '{')
  await config.writeAtomic('credentials.json.0123456789ab.tmp', '{')
  await open()
  const left = (await config.list('.')).filter((name) => name.endsWith('.tmp'))
  expect(left).toEqual(['credentials.json.0123456789ab.tmp'])
})

it('a full journal is moved away once, whatever the number of workspaces that find it so', async () => {
  const {config, book, decisions} = await approved()
  const full = `${JSON.stringify({decision: 'old'})}\n`.repeat(250_000)
  await config.append('logs/daemon-journal.ndjson', full)
  const workspaces = ['/b', '/c', '/d', '/e']
  await Promise.all(workspaces.map((workspace) => book.update(workspace, [big], NOW)))
  expect(await decisions()).toEqual(workspaces.map(() => 'found'))
  const moved = await config.readText('logs/daemon-journal.ndjson.1')
  expect(moved?.trim().split('\n')).toHaveLength(250_002)
})
