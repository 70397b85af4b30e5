import {expect, it} from 'vitest'
import {askDaemon} from '../../../src/lib/daemon/client/ask-daemon.js'
import {daemonWorld, done, failed, versionServer, type Job} from './daemon-world.js'

const never = new AbortController().signal
const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** An interval of a server that answers 304, its spread, and a step of the test. */
const LAG_MS = 66_000 + 5000

it(
  'keeps twenty workspaces of two servers through a day of trouble',
  {timeout: 600_000},
  async () => {
    const servers = [await versionServer(), await versionServer()]
    const world = await daemonWorld(
      Array.from({length: 20}, (_, index) => ({
        path: `/w${index}`,
        server: servers[index % 2]!.origin,
      })),
    )
    const serverOf = ({folder}: Job) => servers[Number(folder.slice(2)) % 2]!
    /** What each workspace last got. */
    const held = new Map<string, number>()
    let isDiskFull = false
    world.outcomeOf = (job) => {
      const server = serverOf(job)
      if (isDiskFull) return failed('disk_full', 14)
      if (server.status !== 200) return failed('server_error', 5)
      held.set(job.folder, server.version)
      return done
    }
    for (const job of world.pulls()) held.set(job.folder, 1)
    const isCurrent = () =>
      world.workspaces.every(({path}) => held.get(path) === serverOf({folder: path} as Job).version)
    const stormBefore = servers[0]!.requests

    for (let hour = 0; hour < 24; hour++) {
      const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]]
      // A change an hour, seen within an interval while nothing is wrong.
      first.version++
      if (hour % 3 === 0) second.version++
      if (hour === 5) world.clock.jump(30 * 24 * HOUR)
      if (hour === 9) world.clock.jump(-60 * 24 * HOUR)
      if (hour === 12) isDiskFull = true
      if (hour === 13) isDiskFull = false
      if (hour >= 15 && hour < 18) {
        // It flaps: away and back every five minutes.
        for (let turn = 0; turn < 6; turn++) {
          Object.assign(first, {status: 503, retryAfter: turn % 2 === 0 ? 20 : 0})
          await world.pass(5 * MINUTE)
          first.status = 200
          await world.pass(5 * MINUTE)
        }
        continue
      }
      await world.pass(LAG_MS)
      if (hour < 12 || hour === 14 || hour > 19) expect(isCurrent(), `hour ${hour}`).toBe(true)
      await world.pass(HOUR - LAG_MS)
    }
    await world.pass(2 * HOUR)
    expect(isCurrent()).toBe(true)

    // No storm: two questions a minute and server, whatever happened.
    const minutes = 26 * 60
    for (const server of servers) expect(server.requests).toBeLessThan(minutes * 2 * 1.2 + 50)
    expect(servers[0]!.requests - stormBefore).toBeGreaterThan(minutes)
    // No busy loop: a look a minute and workspace, and one after each pull or change.
    expect(world.looks).toBeLessThan(minutes * 20 * 1.2 + world.jobs.length * 3)
    // One pull a change and workspace, and few in vain.
    expect(world.pulls().length).toBeLessThan(20 * 60)
    // Nobody is left behind, and nobody runs twice.
    expect(world.clock.waiting).toBe(20 + 2 + 1)
    const status = await askDaemon(world.socket, {op: 'status'}, never)
    expect(status?.workspaces.map(({state}) => state.kind)).toEqual(Array(20).fill('idle'))
  },
)
