import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {detachedProcess} from '../../../../src/lib/adapters/detached-process.js'
import {NodeFiles} from '../../../../src/lib/adapters/node-files.js'
import {systemClock} from '../../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../../src/lib/adapters/system-random.js'
import {unixControlSocket} from '../../../../src/lib/adapters/unix-control-socket.js'
import {startDaemon} from '../../../../src/lib/daemon/client/start-daemon.js'
import {tempDir} from '../../../support/temp-dir.js'

const never = new AbortController().signal

/** Starts what is no daemon: a program that prints `said` and ends with 2. */
async function startOf(said: string) {
  const home = await tempDir()
  const script = join(home, 'agnes.cjs')
  await writeFile(script, `process.stderr.write(${JSON.stringify(said)}); process.exitCode = 2`)
  const root = join(home, 'config')
  await mkdir(root, {mode: 0o700})
  const background = detachedProcess({node: process.execPath, script}, {})
  const config = new NodeFiles(root, systemRandom)
  await config.append('logs/daemon-start.log', 'Error: Of another day.\nNext: nothing\n')
  return startDaemon(
    {
      ...{clock: systemClock, config, version: '1.0.0'},
      socket: unixControlSocket(root, () => root),
      background: async () => background,
    },
    never,
  )
}

it('a daemon that ends at once is not waited for, and what it said is told', async () => {
  await expect(startOf('Error: The key x is wrong.\nNext: mend it\n')).rejects.toMatchObject({
    code: 'daemon_ended',
    message: 'The daemon ended at once: The key x is wrong.',
    hint: 'mend it',
  })
})

it('where it said nothing of use, the foreground is named', async () => {
  await expect(startOf('Killed\n')).rejects.toMatchObject({
    code: 'daemon_ended',
    message: 'The daemon ended at once.',
    hint: 'Run it in the foreground to see why: agnes daemon run',
  })
})
