import {expect, it} from 'vitest'
import {daemonComputer} from '../support/daemon-computer.js'
import {flatTable} from '../support/flat-table.js'
import {spawnProcess} from '../support/spawn-node.js'

it('a daemon killed while a command waits for it is followed by one that converges', async () => {
  const pc = await daemonComputer(['one', 'two'])
  for (let round = 0; round < 4; round++) {
    pc.server.publish([await flatTable('a', 1000 + round), await flatTable('b', 20)])
    const {json} = await pc.agnes('daemon', 'start')
    const sync = spawnProcess(
      process.execPath,
      [pc.entry, 'daemon', 'sync-now', '--wait', '--json'],
      {env: pc.env, cwd: pc.home},
    )
    // Somewhere between the question and the last file: a different point every time.
    const bytes = 1 + round * 5000
    await Promise.race([pc.server.sent(bytes), sync.ended])
    process.kill(json.pid, 'SIGKILL')
    const {exitCode} = await sync.ended
    // 4: it was killed before anybody could ask.
    expect([0, 4, 9, 12]).toContain(exitCode)
  }
  await pc.agnes('daemon', 'start')
  // A pull that outlived its daemon still has its lock: the loop tries again.
  for (;;) {
    const {json} = await pc.agnes('daemon', 'sync-now', '--wait')
    if (json.workspaces.every(({outcome}: any) => outcome.kind === 'done')) break
  }
  for (const root of pc.roots) expect(await pc.rowsOf(root, 'a')).toBe(1003)
}, 180_000)
