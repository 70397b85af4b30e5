import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createWriteStream, fstatSync} from 'node:fs'
import {Socket} from 'node:net'
import type {Writable} from 'node:stream'
import {ownLauncher} from '../config/paths.js'
import {UnexpectedError} from '../errors.js'

/** Where the started process finds what is standard output here. */
const FRAMES_FD = 3

/**
 * Starts this CLI again with standard output out of reach: its descriptor 1 is our standard error, and
 * ours is its descriptor `FRAMES_FD`, of which `--frames` tells it. Whatever prints there, native code and
 * children included, cannot break a protocol on it. SIGTERM travels on; resolves with the exit code.
 */
export async function runFramed(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const {node, script} = ownLauncher()
  const child = spawn(node, [...process.execArgv, script, ...argv, '--frames', `${FRAMES_FD}`], {
    stdio: ['inherit', 2, 'inherit', 1],
    windowsHide: true,
  })
  const stop = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, {once: true})
  if (signal.aborted) stop()
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? (signal.aborted ? 0 : 1)
  } catch (cause) {
    throw new UnexpectedError('The server process could not be started.', {
      code: 'not_started',
      cause,
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The descriptor to write frames to; a pipe is written without blocking the process. */
export function openFrames(fd: number): Writable {
  const facts = fstatSync(fd)
  if (facts.isFile() || facts.isCharacterDevice()) return createWriteStream('', {fd})
  return new Socket({fd, readable: false, writable: true})
}
