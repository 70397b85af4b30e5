import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, open, rename, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {backgroundEnvironment} from '../config/env.js'
import {ownLauncher, workspacePaths} from '../config/paths.js'
import {UnexpectedError} from '../errors.js'
import type {Background} from '../ports/background.js'

/** A log longer than this is set aside as `<name>.1` before more is added. */
const MAX_LOG_BYTES = 256 * 1024

/**
 * A session and process group of its own, no inherited stream: neither the death of the parent's group
 * nor a client that waits for its pipes to close is touched by it.
 */
export function detachedProcess(
  launcher = ownLauncher(),
  environment = backgroundEnvironment(),
): Background {
  return {
    async start(argv, root, logPath = join(root, workspacePaths.backgroundLog)) {
      const log = await openLog(logPath)
      try {
        const child = spawn(launcher.node, [launcher.script, ...argv], {
          cwd: root,
          env: {...environment},
          detached: true,
          windowsHide: true,
          stdio: ['ignore', log.fd, log.fd],
        })
        child.unref()
        await once(child, 'spawn')
        return {hasEnded: () => child.exitCode !== null || child.signalCode !== null}
      } catch (cause) {
        throw new UnexpectedError('The work could not be handed over to the background.', {
          code: 'not_started',
          hint: `Run: agnes ${argv.join(' ')}`,
          cause,
        })
      } finally {
        await log.close()
      }
    },
  }
}

async function openLog(path: string) {
  await mkdir(dirname(path), {recursive: true})
  const facts = await stat(path).catch(() => undefined)
  // Two starts at once may both set it aside: one log is lost then, nothing else.
  if (facts && facts.size > MAX_LOG_BYTES) await rename(path, `${path}.1`).catch(() => undefined)
  return open(path, 'a')
}
