import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {untilAllHaveLeft} from '../support/left-processes.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {pushStage, transcript} from '../unit/push/push-stage.js'

const BIN = join(repositoryRoot, 'bin/run.js')
/**
 * A sample with real processes, of what `unit/push/push-crash` does a thousand times in this one: session
 * ends that are spawned and killed. The other sessions never ran a hook at all.
 */
const ENDS = 40
const SESSIONS = 200

/** A seeded stream of numbers in [0, 1): the kills fall where they fell in the last run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('sessions whose end is killed', () => {
  it('arrive all the same, each once, with the next start', {timeout: 300_000}, async () => {
    const random = seeded(20260131)
    const stage = await pushStage()
    onTestFinished(() => untilAllHaveLeft(stage.home), 90_000)
    const env = {...stage.env, CLAUDE_PROJECT_DIR: stage.root}
    let killed = 0
    for (let index = 0; index < SESSIONS; index++) {
      const id = `session-${index}`
      await stage.addSession(id)
      if (index % (SESSIONS / ENDS) !== 0) continue
      const end = spawnProcess(process.execPath, [BIN, 'push', '--quiet'], {
        env,
        cwd: stage.root,
        stdin: JSON.stringify({hook_event_name: 'SessionEnd', session_id: id}),
      })
      await Promise.race([delay(random() * 400), end.ended])
      end.child.kill('SIGKILL')
      if ((await end.ended).signal === 'SIGKILL') killed++
    }
    expect(killed).toBeGreaterThan(ENDS / 4)
    // What the next session start runs in the background, for sessions that have come to rest.
    await vi.waitFor(
      async () => {
        const push = ['push', '--quiet', '--idle', '0']
        const {exitCode} = await runCli(push, {env: stage.env, currentDir: stage.root})
        expect(exitCode).toBe(0)
      },
      {timeout: 120_000, interval: 500},
    )
    expect(stage.stored.size).toBe(SESSIONS)
    for (let index = 0; index < SESSIONS; index++) {
      const id = `session-${index}`
      const sent = transcript(id, stage.root, [`hello from ${id}`])
      expect(stage.stored.get(`${id}.jsonl`)).toBe(sent)
    }
    const arrived = stage.arrivals.length
    const again = await runCli(['push', '--json'], {env: stage.env, currentDir: stage.root})
    expect(again.json).toMatchObject({sessions: [], skipped: {unchanged: SESSIONS}})
    expect(stage.arrivals).toHaveLength(arrived)
    expect(arrived - SESSIONS).toBeLessThanOrEqual(killed)
  })
})
