import {describe, expect, it, vi} from 'vitest'
import {askDaemon} from '../../../src/lib/daemon/client/ask-daemon.js'
import type {Observation} from '../../../src/lib/daemon/model.js'
import {BusyError, UsageError} from '../../../src/lib/errors.js'
import {runDaemon} from '../../../src/lib/daemon/run-daemon.js'
import type {JobOutcome} from '../../../src/lib/ports/job-runner.js'
import {
  brought,
  daemonWorld,
  done,
  failed,
  lost,
  versionServer,
  type DaemonWorld,
} from './daemon-world.js'

const never = new AbortController().signal
const MINUTE = 60_000
const missing: Observation = {
  kind: 'files_altered',
  subject: 'orders',
  message: 'Files of orders are missing.',
  action: ['pull', '--quiet'],
}

/** How a fact of the daemon is waited for that no clock brings about. */
const SOON = {timeout: 60_000, interval: 1}

/** From now on jobs end when they are told to. */
function held(world: DaemonWorld) {
  const ends: ((outcome: JobOutcome) => void)[] = []
  world.outcomeOf = () => new Promise((end) => void ends.push(end))
  return {ends, begun: (count: number) => vi.waitFor(() => expect(ends).toHaveLength(count), SOON)}
}

/** Of the findings that a person is shown now. */
async function subjects({socket}: DaemonWorld): Promise<string[]> {
  const status = await askDaemon(socket, {op: 'status'}, never)
  return (status?.findings ?? []).map(({subject}) => subject)
}

describe('the daemon', () => {
  it('pulls every workspace once when it starts, and again within an interval of a change', async () => {
    const server = await versionServer()
    const world = await daemonWorld(
      ['/a', '/b', '/c'].map((path) => ({path, server: server.origin})),
    )
    expect(world.pulls().map(({folder}) => folder)).toEqual(['/a', '/b', '/c'])
    await world.pass(10 * MINUTE)
    expect(world.pulls()).toHaveLength(3)
    server.version++
    await world.pass(66_000)
    expect(world.pulls()).toHaveLength(6)
  })

  it('asks a server once for all its workspaces', async () => {
    const server = await versionServer()
    const world = await daemonWorld(
      Array.from({length: 20}, (_, index) => ({path: `/w${index}`, server: server.origin})),
    )
    const before = server.manifests
    await world.pass(10 * MINUTE)
    expect(server.manifests - before).toBeLessThanOrEqual(11)
  })

  it('asks a server that has no ETag every quarter of an hour only', async () => {
    const server = await versionServer()
    server.hasEtag = false
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const before = server.manifests
    await world.pass(60 * MINUTE)
    expect(server.manifests - before).toBeLessThanOrEqual(4)
    expect(world.pulls()).toHaveLength(1)
    server.version++
    await world.pass(17 * MINUTE)
    expect(world.pulls()).toHaveLength(2)
  })

  it('leaves a server alone as long as it asks for', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    Object.assign(server, {status: 429, retryAfter: 3000})
    await world.pass(2 * MINUTE)
    const before = server.requests
    await world.pass(45 * MINUTE)
    expect(server.requests).toBe(before)
    server.status = 200
    server.version++
    await world.pass(10 * MINUTE)
    expect(world.pulls()).toHaveLength(2)
  })

  it('tries a failing pull again after a growing wait, and says so', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    world.outcomeOf = () => failed('disk_full', 14)
    server.version++
    await world.pass(60 * MINUTE)
    expect(world.pulls().length).toBeGreaterThan(3)
    expect(world.pulls().length).toBeLessThan(9)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.workspaces[0]?.state).toMatchObject({kind: 'error', code: 'disk_full'})
    world.outcomeOf = () => done
    await world.pass(60 * MINUTE)
    const after = await askDaemon(world.socket, {op: 'status'}, never)
    expect(after?.workspaces[0]?.state).toEqual({kind: 'idle'})
  })

  it('tries once more within seconds: what was being published is whole then', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    world.outcomeOf = () => (world.pulls().length === 2 ? failed('partial', 12) : done)
    server.version++
    await world.pass(80_000, 1000)
    const [, second, third] = world.pulls()
    expect(third!.atMs - second!.atMs).toBeLessThanOrEqual(6000)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.workspaces[0]?.state).toEqual({kind: 'idle'})
    await world.pass(5 * MINUTE)
    expect(world.pulls()).toHaveLength(3)
  })

  it('does not wait with what failed once the server has something newer', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    world.outcomeOf = () => failed('published_hash_stale', 12)
    server.version++
    await world.pass(12 * MINUTE)
    // The next try of what is there is more than five minutes away.
    const before = world.pulls().length
    await world.pass(MINUTE)
    expect(world.pulls()).toHaveLength(before)
    server.version++
    await world.pass(66_000)
    expect(world.pulls()).toHaveLength(before + 1)
  })

  it('answers who asks in the middle of a pull with the one after it', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const {ends, begun} = held(world)
    const request = {op: 'sync', workspace: '/a', isWaited: true}
    const early = world.ask(request)
    await begun(1)
    // What the server has published since the manifest was read may be what this one asks for.
    const late = world.ask(request)
    ends[0]!(done)
    expect(await early).toMatchObject({workspaces: [{outcome: {kind: 'done'}}]})
    await begun(2)
    ends[1]!(failed('disk_full', 14))
    expect(await late).toMatchObject({workspaces: [{outcome: {code: 'disk_full'}}]})
  })

  it('tells everybody who waits that it ends', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const {ends, begun} = held(world)
    const request = {op: 'sync', workspace: '/a', isWaited: true}
    const early = world.ask(request)
    await begun(1)
    const late = world.ask(request)
    await world.ask({op: 'stop'})
    ends[0]!(done)
    const told = {workspaces: [{outcome: {code: 'daemon_stopped'}}]}
    expect([await early, await late]).toMatchObject([told, told])
  })

  it('tries again at once what failed while somebody signed in', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const {ends, begun} = held(world)
    server.version++
    await world.clock.advance(66_000)
    await begun(1)
    // All but the loop sleep: the watch, and the reload that follows sign-ins.
    const others = () => vi.waitFor(() => expect(world.clock.waiting).toBe(2), SOON)
    await others()
    world.signedIn = {token: 'secret', mark: 1}
    await world.clock.advance(60_000)
    await others()
    ends[0]!(failed('not_signed_in', 7))
    await begun(2)
    ends[1]!(done)
    await world.settle()
  })

  it('uses a new sign-in with its next request, within a minute, whatever failed before', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    server.token = 'new'
    world.outcomeOf = () => failed('not_signed_in', 7)
    // Refused for hours: the next try of its own would be an hour away.
    await world.pass(5 * 60 * MINUTE, 15_000)
    const {length} = server.tokens
    world.outcomeOf = () => done
    world.signedIn = {token: 'new', mark: 1}
    server.version++
    await world.pass(75_000)
    expect(new Set(server.tokens.slice(length))).toEqual(new Set(['new']))
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.servers[0]?.error).toBeNull()
    expect(status?.workspaces[0]?.state).toEqual({kind: 'idle'})
  })

  it('sends no token that was forgotten, from the next request on', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    await world.pass(3 * MINUTE)
    const {length} = server.tokens
    expect(length).toBeGreaterThan(2)
    world.signedIn = {token: null, mark: 1}
    await world.pass(30 * MINUTE)
    expect(server.tokens).toHaveLength(length)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.servers[0]?.error?.code).toBe('not_signed_in')
    world.signedIn = {token: 'other', mark: 2}
    await world.pass(2 * MINUTE)
    expect(new Set(server.tokens.slice(length))).toEqual(new Set(['other']))
  })

  it.each([
    ['on battery', {}, {isOnBattery: true}, 'on_battery'],
    ['on a metered line', {}, {isMetered: true}, 'metered'],
    ['in quiet hours', {quiet_hours: '00:00-23:59'}, {}, 'quiet_hours'],
    ['on a full disk', {}, {freeBytes: 1000}, 'disk_low'],
  ])('fetches nothing %s, but does what it is asked to', async (_when, settings, facts, why) => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}], settings)
    Object.assign(world, facts)
    const before = world.pulls().length
    await world.pass(12 * MINUTE)
    server.version++
    await world.pass(10 * MINUTE)
    expect(world.pulls()).toHaveLength(before)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.workspaces[0]?.state).toMatchObject({kind: 'held', why})
    const asked = askDaemon(world.socket, {op: 'sync', workspace: '/a', isWaited: true}, never)
    expect(await asked).toEqual({workspaces: [{path: '/a', outcome: {kind: 'done', revoked: []}}]})
  })

  it('rests while it is paused, and goes on when it is resumed', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    await askDaemon(world.socket, {op: 'pause', minutes: null}, never)
    server.version++
    await world.pass(30 * MINUTE)
    expect(world.pulls()).toHaveLength(1)
    await askDaemon(world.socket, {op: 'resume'}, never)
    await world.pass(2 * MINUTE)
    expect(world.pulls()).toHaveLength(2)
  })

  it('limits what a pull may take of the line and may fetch without asking', async () => {
    const server = await versionServer()
    const settings = {max_mib_per_second: 1, auto_pull_mib: 10}
    const world = await daemonWorld([{path: '/a', server: server.origin}], settings)
    expect(world.pulls()[0]).toMatchObject({
      argv: ['pull', '--quiet', '--max-bytes', '10485760', '--workspace', '/a'],
      variables: {AGNES_PULL_BYTES_PER_SECOND: '1048576'},
    })
  })

  it('asks before a pull that is too big, and does it once approved', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    world.outcomeOf = ({argv}) =>
      argv.includes('--max-bytes') ? failed('over_max_bytes', 14) : done
    server.version++
    await world.pass(5 * MINUTE)
    expect(world.pulls()).toHaveLength(2)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    const [finding] = status?.findings ?? []
    expect(finding).toMatchObject({kind: 'pull_too_big', state: 'waiting'})
    // What was not fetched is not there.
    const {freshAt, lastPullAt} = status!.workspaces[0]!
    expect(freshAt).toBe(lastPullAt)
    const freshness = {op: 'freshness', workspace: '/a'} as const
    expect(await askDaemon(world.socket, freshness, never)).toMatchObject({isFresh: false})
    const id = finding!.id
    await askDaemon(world.socket, {op: 'decide', id, decision: 'approved'}, never)
    await world.pass(MINUTE)
    expect(world.pulls()[2]?.argv).toEqual(['pull', '--quiet', '--workspace', '/a'])
    expect((await askDaemon(world.socket, {op: 'status'}, never))?.findings).toEqual([])
    expect(await askDaemon(world.socket, freshness, never)).toMatchObject({isFresh: true})
  })

  it('says what is wrong with a workspace it cannot look into, and looks again', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const stateOf = async () =>
      (await askDaemon(world.socket, {op: 'status'}, never))?.workspaces[0]?.state
    world.seenIn = () => {
      throw new UsageError('The folder /a cannot be read.', {code: 'folder_unreadable'})
    }
    await world.pass(3 * MINUTE)
    const told = {
      kind: 'error',
      code: 'folder_unreadable',
      message: 'The folder /a cannot be read.',
    }
    expect(await stateOf()).toMatchObject(told)
    world.seenIn = () => []
    await world.pass(10 * MINUTE)
    expect(await stateOf()).toEqual({kind: 'idle'})
  })

  it('does not call a failed pull well because something else was mended', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}], {
      policies: {hooks_altered: 'auto'},
    })
    let isAltered = true
    const hooks: Observation = {
      kind: 'hooks_altered',
      subject: 'altered',
      message: 'The hooks were changed.',
      action: ['hooks', 'install'],
    }
    world.seenIn = () => (isAltered ? [hooks] : [])
    world.outcomeOf = ({argv}) => {
      if (argv[0] === 'pull') return failed('disk_full', 14)
      isAltered = false
      return done
    }
    server.version++
    await world.pass(2 * MINUTE)
    expect(world.jobs.some(({argv}) => argv[0] === 'hooks')).toBe(true)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.workspaces[0]?.state).toMatchObject({kind: 'error', code: 'disk_full'})
  })

  it('mends what a policy lets it, and writes down what it saw before and after', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    let isMissing = true
    world.seenIn = () => (isMissing ? [missing] : [])
    world.outcomeOf = () => {
      isMissing = false
      return done
    }
    await world.pass(2 * MINUTE)
    const text = (await world.config.readText('logs/daemon-journal.ndjson')) ?? ''
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as {decision: string})
    expect(lines.map(({decision}) => decision)).toEqual(['found', 'mend', 'helped'])
    expect(lines[2]).toMatchObject({exitCode: 0, isStillThere: false, subject: 'orders'})
  })

  it('gives up what three attempts did not mend, and tells it once', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}], {notices: true})
    world.seenIn = () => [missing]
    await world.pass(30 * MINUTE)
    expect(world.pulls()).toHaveLength(4)
    expect(world.notices).toHaveLength(1)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.findings[0]).toMatchObject({state: 'broken', attempts: 3})
  })

  it('keeps an approval when it is killed and started again', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}], {
      policies: {files_altered: 'ask'},
    })
    world.seenIn = () => [missing]
    await world.pass(MINUTE)
    const [finding] = (await askDaemon(world.socket, {op: 'status'}, never))?.findings ?? []
    const id = finding!.id
    await askDaemon(world.socket, {op: 'decide', id, decision: 'denied'}, never)
    const stored = JSON.parse((await world.config.readText('daemon-findings.json'))!) as object
    expect(stored).toMatchObject({findings: [{id, state: 'denied'}]})
  })

  it('tells of a lost grant once, and not for ever', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}], {notices: true})
    world.outcomeOf = () => lost('salaries')
    server.version++
    await world.pass(10 * MINUTE)
    expect(await subjects(world)).toEqual(['salaries'])
    expect(world.notices).toEqual([expect.stringContaining('salaries')])
    world.outcomeOf = () => done
    await world.pass(24 * 60 * MINUTE, 10 * MINUTE)
    expect(await subjects(world)).toEqual([])
    expect(world.notices).toHaveLength(1)
  })

  it('tells of a lost grant while later pulls find nothing, and until it is granted again', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}], {notices: true})
    const after = async (outcome: JobOutcome) => {
      world.outcomeOf = () => outcome
      server.version++
      await world.pass(5 * MINUTE)
      return await subjects(world)
    }
    expect(await after(lost('salaries'))).toEqual(['salaries'])
    expect(await after(done)).toEqual(['salaries'])
    expect(await after(lost('bonuses'))).toEqual(['salaries', 'bonuses'])
    expect(world.notices).toHaveLength(2)
    expect(await after(brought('salaries'))).toEqual(['bonuses'])
  })

  it('tells of a grant lost in a pull that failed at another table, or that mended something', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const failures = [{table: 'orders', code: 'network', error: 'It was cut.'}]
    world.outcomeOf = () => lost('salaries', {ok: false, failed: failures}, 12)
    server.version++
    await world.pass(MINUTE)
    expect(await subjects(world)).toEqual(['salaries'])
    world.outcomeOf = () => done
    await world.pass(5 * MINUTE)
    world.seenIn = () => [missing]
    world.outcomeOf = () => {
      world.seenIn = () => []
      return lost('bonuses')
    }
    await world.pass(5 * MINUTE)
    expect(await subjects(world)).toEqual(['salaries', 'bonuses'])
  })

  it('tells of a server that is away and of a token that ends once, however many workspaces', async () => {
    const server = await versionServer()
    const paths = ['/a', '/b', '/c'].map((path) => ({path, server: server.origin}))
    const world = await daemonWorld(paths, {notices: true})
    server.status = 503
    world.tokenEndsAt = new Date(world.clock.now()).toISOString()
    await world.pass(40 * MINUTE)
    const findings = (await askDaemon(world.socket, {op: 'status'}, never))?.findings ?? []
    expect(findings.map(({kind, workspace}) => [kind, workspace])).toEqual([
      ['server_unreachable', server.origin],
      ['token_expiring', server.origin],
    ])
    expect(world.notices).toHaveLength(2)
    server.status = 200
    world.tokenEndsAt = null
    await world.pass(90 * MINUTE)
    expect((await askDaemon(world.socket, {op: 'status'}, never))?.findings).toEqual([])
  })

  it('follows workspaces that come and go', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    world.workspaces.push({path: '/b', server: server.origin})
    await world.clock.advance(61_000)
    await world.pass(2 * MINUTE)
    expect(world.pulls('/b')).toHaveLength(1)
  })

  it('answers a stranger’s request with an error and lives on', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    const strange = world.socket.request({op: 'dance'}, 5000)
    await expect(strange).rejects.toMatchObject({code: 'unknown_request', exitCode: 2})
    const unknown = world.socket.request({op: 'sync', workspace: '/x', isWaited: true}, 5000)
    await expect(unknown).rejects.toMatchObject({code: 'workspace_not_kept', exitCode: 4})
    expect(await askDaemon(world.socket, {op: 'status'}, never)).toMatchObject({version: '1.2.3'})
  })

  it('stops when it is asked to, and nothing sleeps any more', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    await askDaemon(world.socket, {op: 'stop'}, never)
    await world.ended
    expect(world.clock.waiting).toBe(0)
    expect(await askDaemon(world.socket, {op: 'status'}, never)).toBeUndefined()
  })
})

describe('a second daemon', () => {
  it('is refused while the first one runs', async () => {
    const server = await versionServer()
    const world = await daemonWorld([{path: '/a', server: server.origin}])
    let refusal: unknown
    runDaemon(world.deps, never).catch((error: unknown) => (refusal = error))
    while (refusal === undefined) {
      await world.clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(refusal).toBeInstanceOf(BusyError)
  })
})
