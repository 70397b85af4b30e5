// `node scripts/follow.js [--minutes 10] [--every 20]`: the daemon's own promise, tried for as long as one
// likes. A demo server changes a table every few seconds; two workspaces follow it untouched while queries
// run in a loop in both. In the middle a grant is revoked. Prints one line of counts; exit code 1 when a
// query failed, a change came late, or what was revoked could still be read.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {DuckDBInstance} from '@duckdb/node-api'
import {buildIfStale} from './build.js'

const AGNES = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const {values} = parseArgs({
  options: {
    minutes: {type: 'string', default: '10'},
    every: {type: 'string', default: '20'},
    interval: {type: 'string', default: '60'},
  },
})
const runMs = Number(values.minutes) * 60_000
const everyMs = Number(values.every) * 1000
// One interval with its spread, and what a busy computer needs for the transfer.
const limitMs = Number(values.interval) * 1100 + 30_000
const PAUSE_MS = 300
const TABLE = 'orders'
const REVOKED = 'tickets'
const SNAPSHOT = 'kept'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agnes-follow-')))
const config = join(folder, 'config')
const roots = ['one', 'two'].map((name) => join(folder, name))
const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AGNES_'))
const env = {...Object.fromEntries(inherited), AGNES_CONFIG_DIR: config, AGNES_NO_KEYCHAIN: '1'}

const counts = {changes: 0, queries: 0, greatestMs: 0, revokedMs: 0}
const errors = []
/** What was published: the rows the table has then, and when. */
const published = []
const isOver = new AbortController()

/** Runs agnes with `--json`; its exit code and document. */
async function agnes(args, {stdin, as = env} = {}) {
  const child = spawn(process.execPath, [AGNES, ...args, '--json'], {
    cwd: folder,
    env: as,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.end(stdin ?? '')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  const [code] = await once(child, 'close')
  return {code, json: text === '' ? null : JSON.parse(text)}
}

async function must(args, options) {
  const {code, json} = await agnes(args, options)
  if (code === 0) return json
  throw new Error(`agnes ${args.join(' ')} ended with ${code}: ${JSON.stringify(json)}`)
}

const ask = (root, sql) => agnes(['query', sql, '--workspace', root])

async function serve() {
  const args = [AGNES, 'serve', join(folder, 'server'), '--demo', '--port', '0', '--json']
  const stdio = ['ignore', 'pipe', 'inherit']
  const child = spawn(process.execPath, args, {cwd: folder, env, stdio})
  const [line] = await once(createInterface({input: child.stdout}), 'line')
  return {child, ended: once(child, 'close'), ...JSON.parse(line)}
}

/** Publishes a version of the table that has fewer rows than any before, every few seconds. */
async function keepChanging(server) {
  const file = join(folder, 'server/extracts/shop/data', `${TABLE}.parquet`)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(`CREATE TABLE all_rows AS FROM '${file}'`)
  const reader = await connection.runAndReadAll('SELECT count(*)::INT FROM all_rows')
  let rows = reader.getRows()[0][0]
  const headers = {authorization: `Bearer ${server.adminToken}`}
  while (!isOver.signal.aborted) {
    await connection.run(`COPY (FROM all_rows LIMIT ${--rows}) TO '${file}.next' (FORMAT parquet)`)
    renameSync(`${file}.next`, file)
    const answer = await fetch(`${server.url}/api/sync/trigger`, {method: 'POST', headers})
    if (!answer.ok) errors.push(`the server did not take a change: ${answer.status}`)
    published.push({rows, atMs: performance.now(), missing: new Set(roots)})
    counts.changes++
    await pause(everyMs)
  }
  connection.closeSync()
}

/** Queries one workspace again and again, and notes when a change arrived there. */
async function keepAsking(root) {
  while (!isOver.signal.aborted || published.some(({missing}) => missing.has(root))) {
    const {code, json} = await ask(root, `SELECT count(*), min(order_id) FROM ${TABLE}`)
    const nowMs = performance.now()
    counts.queries++
    if (code === 0) note(root, json.rows[0][0], nowMs)
    else errors.push(`a query ended with ${code}: ${JSON.stringify(json)}`)
    for (const change of published) {
      if (!change.missing.has(root) || nowMs - change.atMs <= limitMs) continue
      errors.push(`a change was not in ${root} after ${seconds(limitMs)}`)
      change.missing.delete(root)
    }
    await sleep(PAUSE_MS)
  }
}

function note(root, rows, nowMs) {
  for (const change of published) {
    // A newer version has come: this one was seen, or was overtaken.
    if (change.rows < rows || !change.missing.delete(root)) continue
    counts.greatestMs = Math.max(counts.greatestMs, nowMs - change.atMs)
  }
}

/** Takes a grant away and waits until nothing of the table can be read in either workspace. */
async function revoke(server) {
  const as = {...env, AGNES_SERVER: server.url, AGNES_TOKEN: server.adminToken}
  const {grants} = await must(['admin', 'grant', 'list', '--group', 'Sales'], {as})
  const {id} = grants.find(({resourceId}) => resourceId === REVOKED)
  await must(['admin', 'grant', 'delete', id, '--yes'], {as})
  const startedMs = performance.now()
  let readable = await readableIn(roots)
  while (readable.length > 0 && performance.now() - startedMs <= limitMs) {
    await sleep(1000)
    readable = await readableIn(roots)
  }
  counts.revokedMs = performance.now() - startedMs
  for (const what of readable) errors.push(`still there after ${seconds(limitMs)}: ${what}`)
}

/** Every way by which the revoked table can still be read. */
async function readableIn(places) {
  const found = []
  for (const root of places) {
    const snapshot = join(root, 'user/snapshots', `${SNAPSHOT}.parquet`)
    for (const source of [REVOKED, SNAPSHOT, `'${snapshot}'`]) {
      const {code} = await ask(root, `SELECT count(*) FROM ${source}`)
      if (code === 0) found.push(`${source} by query in ${root}`)
    }
    for (const path of readdirSync(root, {recursive: true}))
      if (path.includes(REVOKED)) found.push(join(root, path))
  }
  return found
}

/** Other programs open the catalog file itself; nothing of a pull may be under way. */
async function catalogTables(root) {
  const path = join(root, 'user/duckdb/analytics.duckdb')
  const instance = await DuckDBInstance.create(path, {access_mode: 'READ_ONLY'})
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll('SELECT view_name FROM duckdb_views()')
  connection.closeSync()
  instance.closeSync()
  return reader.getRows().flat()
}

async function pause(ms) {
  await sleep(ms, undefined, {signal: isOver.signal}).catch(() => undefined)
}

const seconds = (ms) => `${(ms / 1000).toFixed(0)} s`

async function follow(server) {
  for (const root of roots) {
    const init = ['init', root, '--server-url', server.url, '--token-stdin']
    await must(init, {stdin: `${server.analystToken}\n`})
    const create = ['snapshot', 'create', REVOKED, '--limit', '5', '--as', SNAPSHOT]
    await must([...create, '--workspace', root])
  }
  await must(['daemon', 'start'])
  if ((await readableIn(roots)).length < 8) errors.push('the table cannot be read before')
  const work = [keepChanging(server), ...roots.map(keepAsking)]
  await pause(runMs / 2)
  await Promise.all([revoke(server), pause(runMs / 2)])
  isOver.abort()
  await Promise.all(work)
  const {daemon} = await must(['daemon', 'status'])
  for (const {kind, message} of daemon.findings)
    if (kind !== 'grant_lost') errors.push(`the daemon found: ${message}`)
  await must(['daemon', 'stop'])
  for (const root of roots)
    if ((await catalogTables(root)).includes(REVOKED)) errors.push(`a view of it is in ${root}`)
}

await buildIfStale()
mkdirSync(config, {mode: 0o700})
writeFileSync(
  join(config, 'config.yaml'),
  `daemon:\n  conditional_interval_seconds: ${Number(values.interval)}\n  min_free_mib: 1\n`,
)
const server = await serve()
try {
  await follow(server)
} catch (error) {
  errors.push(error.message)
} finally {
  isOver.abort()
  await agnes(['daemon', 'stop'])
  server.child.kill('SIGTERM')
  await server.ended
  rmSync(folder, {recursive: true, force: true})
}
for (const error of errors) console.error(error)
const {changes, greatestMs, revokedMs, queries} = counts
console.log(
  `${values.minutes} minutes: ${changes} changes seen in ${roots.length} workspaces, greatest delay ` +
    `${seconds(greatestMs)}; revoked table gone after ${seconds(revokedMs)}; ${queries} queries, ` +
    `${errors.length} errors`,
)
process.exitCode = errors.length > 0 ? 1 : 0
