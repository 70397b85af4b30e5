// What the daemon takes while nothing happens: 20 workspaces of one server, all up to date; and how soon
// a session starts beside it.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {against, AGNES, agnes, init, NODE, serveFolder} from './cases.js'
import {makeTables} from './data.js'
import {compare, ENVIRONMENT, outputOf, time} from './measure.js'

const WORKSPACES = 20
const TABLES = 30
/** Linux counts processor time in these. */
const TICKS_PER_SECOND = 100

/** Sensors look once a minute: fewer than two minutes would be luck. */
export async function daemon({folder, idleMs, rounds}) {
  if (process.platform !== 'linux') return []
  const data = join(folder, 'daemon-data')
  await makeTables(data, {tables: TABLES, totalBytes: 1e6})
  const server = await serveFolder(data, folder)
  const env = {AGNES_CONFIG_DIR: join(folder, 'config-daemon'), AGNES_NO_KEYCHAIN: '1'}
  try {
    for (let n = 0; n < WORKSPACES; n++) {
      const cwd = join(folder, `daemon-${n}`)
      await init(cwd, server.url, server.adminToken, env)
      await time({argv: [NODE, AGNES, 'pull', '--quiet'], cwd, env})
    }
    const child = spawn(NODE, [AGNES, 'daemon', 'run'], {
      env: {...ENVIRONMENT, ...env},
      stdio: 'ignore',
    })
    const ended = once(child, 'close')
    try {
      await untilIdle(env)
      const cwd = join(folder, 'daemon-0')
      const stdin = JSON.stringify({hook_event_name: 'SessionStart', session_id: 'bench', cwd})
      const runs = await compare(
        {bare: {argv: [NODE, '-e', '0']}, start: agnes(['pull', '--quiet'], {cwd, env, stdin})},
        rounds,
      )
      const before = secondsOf(child.pid)
      const startedAt = performance.now()
      await sleep(idleMs)
      const share = (secondsOf(child.pid) - before) / ((performance.now() - startedAt) / 1000)
      const what = `daemon, ${WORKSPACES} workspaces of ${TABLES} tables, ${idleMs / 60_000} minutes idle`
      return [
        against('session start beside a daemon', runs.start, runs.bare, 'bare + 40 ms'),
        [`processor, ${what}`, `${(share * 100).toFixed(3)} % of a core`, '', '', '0.2 %'],
        [`memory, ${what}`, `${peakOf(child.pid).toFixed(0)} MiB`, '', '', '90 MB'],
      ]
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  } finally {
    await server.stop()
  }
}

/** Until every workspace was pulled once by the daemon itself and has been looked at. */
async function untilIdle(env) {
  for (;;) {
    await sleep(2000)
    const {daemon} = JSON.parse(
      await outputOf({argv: [NODE, AGNES, 'daemon', 'status', '--json'], env}),
    )
    const workspaces = daemon?.workspaces ?? []
    const isIdle = ({state, freshAt}) => state.kind === 'idle' && freshAt !== null
    if (workspaces.length === WORKSPACES && workspaces.every(isIdle)) return
  }
}

/** Processor time so far, user and system; the program's name may hold spaces. */
function secondsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Highest resident memory so far, in MiB. */
export function peakOf(pid) {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kib) / 1024
}
