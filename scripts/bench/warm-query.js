// Queries answered by the process that the daemon keeps loaded, against bare Node and against the same
// query without it.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {against, AGNES, agnes, NODE, pulledTable} from './cases.js'
import {peakOf} from './daemon.js'
import {compare, ENVIRONMENT, peakMiB} from './measure.js'

/** As large as `orders` of the demo. */
const SMALL_TABLE_BYTES = 2e5

export async function warmQuery({folder, rounds, rows}) {
  const {workspace, env, stop} = await pulledTable(folder, 'warm', SMALL_TABLE_BYTES)
  const engine = spawn(NODE, [AGNES, 'daemon', 'engine'], {
    env: {...ENVIRONMENT, ...env},
    stdio: 'ignore',
  })
  const ended = once(engine, 'close')
  try {
    while (!existsSync(join(env.AGNES_CONFIG_DIR, 'queries.sock'))) await sleep(50)
    const sql = 'SELECT count(*) AS n, sum(id) AS s FROM big'
    const runs = await compare(
      {
        bare: {argv: [NODE, '-e', '0']},
        warm: agnes(['query', sql], {cwd: workspace, env}),
        cold: agnes(['query', sql], {cwd: workspace, env: {...env, AGNES_NO_WARM_QUERIES: '1'}}),
      },
      rounds,
    )
    const times = [
      against('local query of a small table, warm', runs.warm, runs.bare, 'bare + 60 ms'),
      against('local query, the same without a daemon', runs.cold, runs.bare, ''),
    ]
    const long = `SELECT range AS id, range * 2 AS twice, 'row ' || range AS name FROM range(${rows})`
    const client = await peakMiB(agnes(['query', long, '--format', 'csv'], {cwd: workspace, env}))
    const what = `memory, warm query of ${rows / 1e6} million rows to csv`
    const peak = process.platform === 'linux' ? `${peakOf(engine.pid).toFixed(0)} MiB` : ''
    return [
      ...times,
      [`${what}, the command`, `${client.toFixed(0)} MiB`, '', '', '200 MB'],
      [`${what}, the engine`, peak, '', '', '200 MB'],
    ]
  } finally {
    engine.kill('SIGTERM')
    await ended
    await stop()
  }
}
