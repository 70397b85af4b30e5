import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import type {Readable} from 'node:stream'
import {ownLauncher} from '../config/paths.js'
import {UnexpectedError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {GuardedRun} from '../ports/guarded-run.js'

const LOOK_MS = 100
const PAGE_BYTES = 4096
/** Of JavaScript values; the engine's own memory is outside of it. */
const HEAP_MB = 1024

/**
 * Runs this CLI as a process that may be ended at any moment: what floods memory in one step of the
 * engine cannot be interrupted there, only killed. Memory is watched where the system tells (Linux).
 */
export async function runGuarded(
  {argv, input, maxMemoryBytes, maxAnswerBytes, timeoutMs}: GuardedRun,
  clock: Clock,
  signal: AbortSignal,
): Promise<{exitCode: number | null; answer: string; stopped: 'memory' | 'time' | null}> {
  signal.throwIfAborted()
  const {node, script} = ownLauncher()
  const child = spawn(node, [`--max-old-space-size=${HEAP_MB}`, script, ...argv], {
    // What prints to standard output there is no part of the answer.
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    windowsHide: true,
  })
  const chunks: Buffer[] = []
  let received = 0
  let stopped: 'memory' | 'time' | null = null
  const end = (why: typeof stopped) => {
    stopped ??= why
    child.kill('SIGKILL')
  }
  const onAbort = () => end(null)
  signal.addEventListener('abort', onAbort, {once: true})
  const output = child.stdio[3] as Readable
  output.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > maxAnswerBytes) end('memory')
    else chunks.push(chunk)
  })
  // A child that ends before it has read its input says why by its end.
  child.stdin!.on('error', () => undefined)
  child.stdin!.end(input)
  const over = new AbortController()
  const watching = watch(child, {clock, maxMemoryBytes, timeoutMs, end}, over.signal)
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null]
    signal.throwIfAborted()
    return {exitCode, answer: Buffer.concat(chunks).toString('utf8'), stopped}
  } catch (cause) {
    signal.throwIfAborted()
    throw new UnexpectedError('The query process could not be started.', {
      code: 'not_started',
      cause,
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    over.abort()
    await watching
  }
}

async function watch(
  child: ChildProcess,
  limits: {
    clock: Clock
    maxMemoryBytes: number
    timeoutMs: number
    end(why: 'memory' | 'time'): void
  },
  signal: AbortSignal,
): Promise<void> {
  const {clock, maxMemoryBytes, timeoutMs, end} = limits
  const startedMs = clock.monotonicMs()
  while (!signal.aborted) {
    if (clock.monotonicMs() - startedMs > timeoutMs) return end('time')
    if ((await residentBytes(child)) > maxMemoryBytes) return end('memory')
    const isOver = await clock.sleep(LOOK_MS, signal).then(
      () => false,
      () => true,
    )
    if (isOver) return
  }
}

/** 0 where the system does not tell, or the process is gone. */
async function residentBytes({pid}: ChildProcess): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  return (Number(text.split(' ')[1]) || 0) * PAGE_BYTES
}
