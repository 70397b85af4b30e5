import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {onTestFinished} from 'vitest'

export interface Spawned {
  child: ChildProcess
  /** What arrived so far. */
  stdout: () => string
  stderr: () => string
  /** Resolves once stdout and stderr together contain `text`; rejects when the process ends before. */
  sees(text: string): Promise<void>
  ended: Promise<{
    exitCode: number | null
    signal: NodeJS.Signals | null
    stdout: string
    stderr: string
  }>
}

/**
 * Starts `command` and ends it with the test, which waits for that: until then it may write into folders
 * that are removed next. The environment is exactly `env` and PATH.
 */
export function spawnProcess(
  command: string,
  args: readonly string[],
  options: {env?: Record<string, string>; cwd?: string; stdin?: string} = {},
): Spawned {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: {PATH: process.env.PATH, ...options.env},
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(options.stdin ?? '')
  const texts = {stdout: '', stderr: ''}
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (texts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (texts.stderr += text))
  const ended = once(child, 'close').then(([exitCode, signal]) => ({exitCode, signal, ...texts}))
  const left = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await left
  })
  return {
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    ended,
    sees: (text) =>
      new Promise((resolve, reject) => {
        const look = () => (texts.stdout + texts.stderr).includes(text) && resolve()
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        child.on('close', () => reject(new Error(`ended without "${text}": ${texts.stderr}`)))
        look()
      }),
  }
}

/** Runs Node on a file to its end. */
export async function runNode(
  args: readonly string[],
  options: {env?: Record<string, string>; cwd?: string; stdin?: string} = {},
) {
  return spawnProcess(process.execPath, args, options).ended
}
