import {spawn, type ChildProcess} from 'node:child_process'
import {MissingError, UnexpectedError, UnreachableError} from '../errors.js'
import type {ProgramOutcome, Programs} from '../ports/programs.js'
import {errnoOf} from './file-errors.js'

const MAX_OUTPUT_BYTES = 16 << 20

/** @param environment all that the programs inherit */
export function nodePrograms(
  environment: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): Programs {
  return {
    async run(program, args, {folder, timeoutMs, variables}, signal) {
      signal?.throwIfAborted()
      const timeout = AbortSignal.timeout(timeoutMs)
      // What npm installs on Windows is a script, which only a shell starts.
      const shell = platform === 'win32'
      const child = spawn(program, shell ? args.map(quoted) : [...args], {
        cwd: folder,
        env: {...environment, ...variables},
        windowsHide: true,
        shell,
        stdio: ['ignore', 'pipe', 'pipe'],
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      try {
        return await outcomeOf(child)
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if (timeout.aborted)
          throw new UnreachableError(
            `${program} did not finish within ${Math.round(timeoutMs / 1000)} s.`,
            {code: 'program_timed_out', details: {program}, cause: error},
          )
        if (errnoOf(error) === 'ENOENT')
          throw new MissingError(`The program ${program} is not installed, or not on PATH.`, {
            code: 'program_missing',
            details: {program},
            cause: error,
          })
        throw new UnexpectedError(`${program} could not be started.`, {cause: error})
      }
    },
  }
}

function outcomeOf(child: ChildProcess): Promise<ProgramOutcome> {
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) =>
      resolve({exitCode: signal ? 128 : (exitCode ?? 1), stdout: stdout(), stderr: stderr()}),
    )
  })
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function quoted(argument: string): string {
  return `"${argument.replaceAll('"', '\\"')}"`
}
