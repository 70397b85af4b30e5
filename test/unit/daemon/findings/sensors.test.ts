import {appendFile, rm, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {systemClock} from '../../../../src/lib/adapters/system-clock.js'
import {readEnv} from '../../../../src/lib/config/env.js'
import {createContext, withOverrides} from '../../../../src/lib/context.js'
import {parseDaemonSettings} from '../../../../src/lib/daemon/daemon-settings.js'
import type {Observation} from '../../../../src/lib/daemon/model.js'
import {openDaemon} from '../../../../src/lib/daemon/open-daemon.js'
import {senseServer} from '../../../../src/lib/daemon/findings/sense-server.js'
import {reportHooks} from '../../../../src/lib/hooks/open-hooks.js'
import {writeRecord} from '../../../../src/lib/snapshot/snapshot-record.js'
import {FakeClock} from '../../../support/fake-clock.js'
import {tempWorkspace} from '../../../support/temp-workspace.js'
import {encodedPath} from '../../../../src/lib/session/project-folders.js'
import {transcript} from '../../push/push-stage.js'

const MINUTE = 60_000
const DAY = 86_400_000
const never = new AbortController().signal

/** A workspace with two tables, and the real sensors on a clock that starts now. */
async function sensed(options: Parameters<typeof tempWorkspace>[0] = {}) {
  const workspace = await tempWorkspace({
    ...options,
    tables: {orders: 'orders bytes', events: {'a.parquet': 'part a', 'b.parquet': 'part b'}},
  })
  const clock = new FakeClock(systemClock.now())
  const env = readEnv({HOME: workspace.home, AGNES_NO_KEYCHAIN: '1', AGNES_TOKEN: 't'})
  const context = await withOverrides({env, clock}, async () => createContext())
  const {sense} = await openDaemon(context, () => undefined)
  const settings = {...parseDaemonSettings(undefined), freeBytesFloor: 0}
  const {root, home} = workspace
  const path = (name: string) => join(root, name)
  const transcripts = join(home, '.claude/projects', encodedPath(root))
  return {
    ...workspace,
    clock,
    context,
    path,
    look: (changed: Partial<typeof settings> = {}) => sense(root, {...settings, ...changed}, never),
    installHooks: () => reportHooks(context, root, 'install'),
    /** A transcript that changed so many minutes ago. */
    async session(id: string, minutes: number) {
      const file = join(transcripts, `${id}.jsonl`)
      await workspace.files.createFolder('.claude')
      await context.filesAt(transcripts).writeAtomic(`${id}.jsonl`, transcript(id, root, ['hello']))
      const at = new Date(clock.now() - minutes * MINUTE)
      await utimes(file, at, at)
      return file
    },
    async snapshot(name: string, expiresAt: string | null) {
      await workspace.write(`user/snapshots/${name}.parquet`, 'PAR1')
      await writeRecord(workspace.files, {
        ...{format: 1, name, server: 'https://agnes.example.com', rows: 1, sizeBytes: 4, md5: ''},
        recipe: {
          ...{table: 'web', select: null, where: null, limit: null, orderBy: null},
          fromQuery: null,
        },
        ...{sources: [{name: 'web', wasListed: true}], fetchedAt: '2026-01-31T09:00:00.000Z'},
        ...{expiresAt, estimatedScanBytes: null, policyFingerprint: null, policyTableId: null},
      })
    },
  }
}
type Sensed = Awaited<ReturnType<typeof sensed>>

const named = (seen: readonly Observation[]) =>
  seen.map(({kind, subject}) => (subject === '' ? kind : `${kind} ${subject}`))

describe('the sensors of a workspace', () => {
  it('see nothing in one that is as a pull left it', async () => {
    expect(await (await sensed()).look()).toEqual([])
  })

  it.each<[string, (w: Sensed) => Promise<unknown>, string[]]>([
    [
      'a file is gone',
      (w) => rm(w.path('server/parquet/orders.parquet')),
      ['files_altered orders'],
    ],
    [
      'a part is gone',
      (w) => rm(w.path('server/parquet/events/b.parquet')),
      ['files_altered events'],
    ],
    [
      'a file has grown',
      (w) => appendFile(w.path('server/parquet/orders.parquet'), 'x'),
      ['files_altered orders'],
    ],
    [
      'a file was written again',
      (w) => utimes(w.path('server/parquet/orders.parquet'), 1, 1),
      ['files_altered orders'],
    ],
    [
      'both tables are wrong',
      (w) => rm(w.path('server/parquet'), {recursive: true}),
      ['files_altered orders', 'files_altered events'],
    ],
    [
      'the record of tables is damaged',
      (w) => writeFile(w.path('.claude/agnes/sync_state.json'), '{"half'),
      ['files_altered'],
    ],
    [
      'a download was left behind for long',
      async (w) => {
        await w.write('.claude/agnes/partials/abc.partial', 'bytes')
        await utimes(w.path('.claude/agnes/partials/abc.partial'), 1, 1)
      },
      ['partials_orphaned'],
    ],
    ['a download is going on', (w) => w.write('.claude/agnes/partials/abc.partial', 'bytes'), []],
    ['a file of the analyst changes', (w) => w.write('user/notes.md', 'mine'), []],
    ['hooks were never installed', async () => undefined, []],
    ['hooks are as they should be', (w) => w.installHooks(), []],
    [
      'a hook was rewritten',
      async (w) => {
        await w.installHooks()
        const text = (await w.files.readText('.claude/settings.json')) ?? ''
        await w.write('.claude/settings.json', text.replaceAll('pull --quiet', 'pull --quiet -v'))
      },
      ['hooks_altered altered'],
    ],
    [
      'hooks are switched off',
      async (w) => {
        await w.installHooks()
        await w.write('.claude/settings.local.json', '{"disableAllHooks": true}')
      },
      ['hooks_altered disabled'],
    ],
    [
      'the settings are no JSON',
      (w) => w.write('.claude/settings.json', '{'),
      ['hooks_altered unreadable'],
    ],
    ['a snapshot is kept for ever', (w) => w.snapshot('kept', null), []],
    ['a snapshot has time left', (w) => w.snapshot('kept', isoIn(w, DAY)), []],
    [
      'a snapshot is past its time',
      (w) => w.snapshot('old', isoIn(w, -1)),
      ['snapshot_expired old'],
    ],
  ])('when %s', async (_what, change, expected) => {
    const world = await sensed()
    // The first look fills the memory of the second.
    await world.look()
    await change(world)
    expect(named(await world.look())).toEqual(expected)
  })

  it('see that the catalog is behind', async () => {
    const behind = await sensed({state: {catalog: {views: {}, behind: 'somebody held it'}}})
    expect(await behind.look()).toMatchObject([
      {kind: 'catalog_behind', action: ['pull', '--quiet']},
    ])
  })

  it('see a disk that runs full, in words that do not change with every byte', async () => {
    const {look} = await sensed()
    const seen = await look({freeBytesFloor: 2 ** 60})
    expect(seen).toMatchObject([{kind: 'disk_low', action: null}])
    expect(await look({freeBytesFloor: 2 ** 60})).toEqual(seen)
  })

  it('see a snapshot expire while nothing on disk moves, and each one with its own remedy', async () => {
    const world = await sensed()
    await world.snapshot('one', isoIn(world, DAY))
    await world.snapshot('two', isoIn(world, 2 * DAY))
    await world.snapshot('three', null)
    expect(await world.look()).toEqual([])
    await world.clock.advance(DAY + 1)
    const [first, ...others] = await world.look()
    expect(first).toMatchObject({
      subject: 'one',
      action: ['snapshot', 'drop', 'one', '--expired'],
    })
    expect(others).toEqual([])
    await world.clock.advance(DAY)
    expect(named(await world.look())).toEqual(['snapshot_expired one', 'snapshot_expired two'])
    await world.snapshot('one', isoIn(world, DAY))
    expect(named(await world.look())).toEqual(['snapshot_expired two'])
  })
})

describe('transcripts', () => {
  it('wait when their session has ended and nobody has sent them', async () => {
    const world = await sensed()
    await world.installHooks()
    await world.session('ended', 20)
    expect(await world.look()).toMatchObject([
      {
        kind: 'push_waiting',
        message: 'Transcripts of 1 ended session(s) wait to be sent.',
        action: ['push', '--quiet', '--idle', '15'],
      },
    ])
  })

  it.each<[string, (w: Sensed) => Promise<unknown>]>([
    ['their session goes on', (w) => w.session('talking', 2)],
    ['there are none', async () => undefined],
    [
      'they are private',
      async (w) => {
        await w.session('secret', 20)
        await w.write('.claude/agnes-sessions-private.txt', 'secret\n')
      },
    ],
    [
      'the last push failed but left nothing behind',
      (w) =>
        w.write(
          '.claude/agnes/last-push.json',
          JSON.stringify({
            ...{format: 1, server: 'https://agnes.example.com', at: '2026-01-31T09:00:00.000Z'},
            ...{exitCode: 9, code: 'unreachable', message: 'It is away.', print: null},
          }),
        ),
    ],
  ])('do not wait when %s', async (_what, change) => {
    const world = await sensed()
    await world.installHooks()
    await change(world)
    expect(await world.look()).toEqual([])
  })

  it('do not wait where nobody agreed to send them', async () => {
    const world = await sensed()
    await world.session('ended', 20)
    expect(await world.look()).toEqual([])
    await world.installHooks()
    expect(await world.look({policies: {...off()}})).toEqual([])
    expect(named(await world.look())).toEqual(['push_waiting'])
  })
})

describe('what concerns a server', () => {
  const origin = 'https://agnes.example.com'
  const nowMs = Date.parse('2026-01-31T12:00:00.000Z')
  const error = (minutes: number) => ({
    ...{code: 'timeout', message: 'It is silent.', failures: 3},
    since: new Date(nowMs - minutes * MINUTE).toISOString(),
  })
  const at = (ms: number) => new Date(nowMs + ms).toISOString()

  it.each([
    ['all is well', null, null, []],
    ['it has failed for a moment', error(14), null, []],
    ['it has been away for long', error(15), null, ['server_unreachable']],
    ['the token lasts', null, at(8 * DAY), []],
    ['the token ends soon', null, at(6 * DAY), ['token_expiring']],
    ['the token has ended', null, at(-DAY), ['token_expiring']],
    ['both', error(60), at(DAY), ['server_unreachable', 'token_expiring']],
  ])('when %s', (_what, failure, tokenEndsAt, expected) => {
    const seen = senseServer({origin, error: failure}, {nowMs, tokenEndsAt})
    expect(named(seen)).toEqual(expected)
    for (const {action, message} of seen) {
      expect(action).toBeNull()
      expect(message).toContain(origin)
    }
  })
})

function isoIn({clock}: Sensed, ms: number): string {
  return new Date(clock.now() + ms).toISOString()
}

function off() {
  return {...parseDaemonSettings({policies: {push_waiting: 'off'}}).policies}
}
