import {join} from 'node:path'
import {describe, expect, it, vi} from 'vitest'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode, spawnProcess} from '../support/spawn-node.js'
import {pushStage, transcript} from '../unit/push/push-stage.js'

const BIN = join(repositoryRoot, 'bin/run.js')
const SESSIONS = 1000

describe('agnes push, spawned, with a great deal to send', () => {
  it(
    'killed twelve times, has sent each of a thousand sessions in the end',
    {timeout: 600_000},
    async () => {
      const stage = await pushStage()
      for (let index = 0; index < SESSIONS; index++) await stage.addSession(`session-${index}`)
      let next = 40
      for (let kill = 0; kill < 12; kill++) {
        const run = spawnProcess(process.execPath, [BIN, 'push'], {env: stage.env, cwd: stage.root})
        await untilArrived(stage.arrivals, next, run.ended)
        run.child.kill('SIGKILL')
        const {signal} = await run.ended
        expect(signal).toBe('SIGKILL')
        next = stage.arrivals.length + 10 + kill * 5
      }
      const last = await runNode([BIN, 'push', '--json'], {env: stage.env, cwd: stage.root})
      expect([last.exitCode, last.stderr]).toEqual([0, ''])
      expect(stage.stored.size).toBe(SESSIONS)
      for (let index = 0; index < SESSIONS; index++)
        expect(stage.stored.get(`session-${index}.jsonl`)).toBe(
          transcript(`session-${index}`, stage.root, [`hello from session-${index}`]),
        )
      expect(stage.arrivals.length).toBeLessThanOrEqual(SESSIONS + 12 * 4)
      const again = await runNode([BIN, 'push', '--json'], {env: stage.env, cwd: stage.root})
      expect(JSON.parse(again.stdout)).toMatchObject({sessions: [], skipped: {unchanged: SESSIONS}})
    },
  )

  it('sends a session of 144 MB in parts, in bounded memory', {timeout: 300_000}, async () => {
    const stage = await pushStage({gzip: true})
    const text = 'lorem ipsum '.repeat(100_000)
    await stage.addSession('huge', {texts: Array.from({length: 120}, () => text)})
    const measure = [
      '--import',
      'data:text/javascript,process.on("exit",()=>process.stderr.write("rss="+process.resourceUsage().maxRSS))',
    ]
    const run = await runNode([...measure, BIN, 'push'], {env: stage.env, cwd: stage.root})
    expect(run.exitCode).toBe(0)
    expect([...stage.stored.keys()].sort()).toEqual(
      [1, 2, 3].map((part) => `huge.part-000${part}.jsonl`),
    )
    expect(Number(/rss=(\d+)/.exec(run.stderr)?.[1]) / 1024).toBeLessThan(250)
  })
})

/** Resolves when that many uploads have come, or the run is over. */
async function untilArrived(
  arrivals: string[],
  count: number,
  ended: Promise<unknown>,
): Promise<void> {
  let isOver = false
  void ended.then(() => (isOver = true))
  const look = () => {
    if (arrivals.length < count && !isOver) throw new Error(`${arrivals.length} uploads arrived`)
  }
  await vi.waitFor(look, {timeout: 300_000, interval: 5})
}
