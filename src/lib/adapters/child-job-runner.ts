import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {ownLauncher} from '../config/paths.js'
import {UnexpectedError} from '../errors.js'
import type {JobRunner} from '../ports/job-runner.js'

/** More than any document of ours; a run that prints more is not waited for as a document. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
/** A run that was asked to end gets this long before it is killed. */
const GRACE_MS = 15_000

/** @param environment of every run */
export function childJobRunner(
  environment: Readonly<Record<string, string | undefined>>,
  launcher = ownLauncher(),
): JobRunner {
  return {
    async run(argv, {folder, variables}, signal) {
      signal.throwIfAborted()
      const child = spawn(launcher.node, [launcher.script, ...argv, '--json'], {
        cwd: folder,
        env: {...environment, ...variables},
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      let killer: NodeJS.Timeout | undefined
      const stop = () => {
        child.kill('SIGTERM')
        killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
      }
      signal.addEventListener('abort', stop, {once: true})
      const chunks: Buffer[] = []
      let bytes = 0
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MAX_DOCUMENT_BYTES) chunks.push(chunk)
      })
      try {
        const [code] = (await once(child, 'close')) as [number | null]
        const text = bytes > MAX_DOCUMENT_BYTES ? '' : Buffer.concat(chunks).toString('utf8')
        return {exitCode: code ?? 1, document: parse(text)}
      } catch (cause) {
        throw new UnexpectedError(`agnes ${argv.join(' ')} could not be started.`, {
          code: 'not_started',
          cause,
        })
      } finally {
        clearTimeout(killer)
        signal.removeEventListener('abort', stop)
      }
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Killed before it answered; the exit code says so.
    return undefined
  }
}
