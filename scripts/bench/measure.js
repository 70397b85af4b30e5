// Runs commands in turn and compares whole processes: start to exit, medians, ratios pair by pair.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

const PEAK_REPORTER = fileURLToPath(new URL('report-peak.cjs', import.meta.url))

/**
 * Without the certificates that Node parses at each start of a process, whatever it is for: that can take
 * three times as long as the rest of the start, and is no part of what is measured.
 */
export const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'NODE_EXTRA_CA_CERTS'),
)

/**
 * @typedef {{argv: string[], cwd?: string, env?: Record<string, string>, stdin?: string,
 *   before?: () => unknown, exitCode?: number}} Job a command, and what to do before each run, untimed
 */

/** @param {Job} job @returns {Promise<number>} milliseconds from start to exit */
export async function time(job) {
  await job.before?.()
  const startedAt = performance.now()
  const [program, ...args] = job.argv
  const child = spawn(program, args, {
    cwd: job.cwd,
    env: {...ENVIRONMENT, ...job.env},
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => (complaints += chunk))
  child.stdin.end(job.stdin ?? '')
  const [code] = await once(child, 'close')
  if (code !== (job.exitCode ?? 0))
    throw new Error(`${job.argv.join(' ')} ended with ${code}: ${complaints}`)
  return performance.now() - startedAt
}

/** @param {Job} job @returns {Promise<string>} what it writes to standard output */
export async function outputOf({argv: [program, ...args], cwd, env}) {
  const child = spawn(program, args, {
    cwd,
    env: {...ENVIRONMENT, ...env},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  await once(child, 'close')
  return text
}

/**
 * Runs every job once per round, in turn, so that a machine that drifts treats all alike; the first
 * round is not counted.
 * @param {Record<string, Job>} jobs
 * @returns {Promise<Record<string, number[]>>} milliseconds of each round
 */
export async function compare(jobs, rounds) {
  const runs = Object.fromEntries(Object.keys(jobs).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, job] of Object.entries(jobs)) {
      const elapsed = await time(job)
      if (round > 0) runs[name].push(elapsed)
    }
  }
  return runs
}

/** Highest resident memory of a Node process, in MiB. */
export async function peakMiB(job) {
  const report = join(tmpdir(), `agnes-bench-peak-${process.pid}`)
  const [node, ...args] = job.argv
  const argv = [node, '--require', PEAK_REPORTER, ...args]
  await time({...job, argv, env: {...job.env, BENCH_PEAK_FILE: report}})
  const peak = Number(readFileSync(report, 'utf8')) / 1024
  rmSync(report)
  return peak
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median of the ratios of runs made in the same round. */
export function ratio(a, b) {
  return median(a.map((value, round) => value / b[round]))
}

/** Median of the differences of runs made in the same round, in milliseconds. */
export function difference(a, b) {
  return median(a.map((value, round) => value - b[round]))
}
