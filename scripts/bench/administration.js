// A server for a big company: 10,000 people, 1,000 groups, 100,000 grants, against one with ten grants.
import {join} from 'node:path'
import {DuckDBInstance} from '@duckdb/node-api'
import {agnes, serveFolder} from './cases.js'
import {makeTables} from './data.js'
import {compare, median, peakMiB} from './measure.js'

const TABLES = 200
const TIGHT_HEAP_MB = 24
const PASSWORD = 'correct horse battery'
const AT = "'2026-01-31T12:00:00.000000'"

export async function administration({folder, rounds}) {
  const few = await company(join(folder, 'few-grants'), {users: 10, groups: 1, grants: 10})
  const some = await company(join(folder, 'some-grants'), {users: 10, groups: 100, grants: 10_000})
  const many = await company(join(folder, 'many-grants'), {
    users: 10_000,
    groups: 1000,
    grants: 100_000,
  })
  try {
    const times = {few: [], many: [], fewAgain: [], manyAgain: []}
    for (let round = 0; round <= rounds; round++) {
      const measured = {
        few: await manifestMs(few, {isChanged: true}),
        many: await manifestMs(many, {isChanged: true}),
        fewAgain: await manifestMs(few, {isChanged: false}),
        manyAgain: await manifestMs(many, {isChanged: false}),
      }
      if (round > 0) for (const name of Object.keys(times)) times[name].push(measured[name])
    }
    const list = (server, nodeOptions = '') =>
      agnes(['admin', 'grant', 'list', '--json'], {
        env: {
          AGNES_CONFIG_DIR: join(folder, 'config-administration'),
          AGNES_SERVER: server.url,
          AGNES_TOKEN: server.adminToken,
          NODE_OPTIONS: nodeOptions,
        },
      })
    const peaks = {some: await peakMiB(list(some)), many: await peakMiB(list(many))}
    // Garbage that nobody needs collected is memory too: in a small heap only what is kept counts.
    const tight = `--max-old-space-size=${TIGHT_HEAP_MB} --max-semi-space-size=1`
    const tightPeaks = {
      some: await peakMiB(list(some, tight)),
      many: await peakMiB(list(many, tight)),
    }
    const {many: listed} = await compare({many: list(many)}, 2)
    return [
      manifestRow('manifest after a change of rights', times.many, times.few),
      manifestRow('manifest, nothing changed', times.manyAgain, times.fewAgain),
      [
        'memory, grant list --json, 100,000 grants',
        `${peaks.many.toFixed(0)} MiB`,
        `10,000 grants ${peaks.some.toFixed(0)} MiB`,
        `+ ${(peaks.many - peaks.some).toFixed(0)} MiB, ${(median(listed) / 1000).toFixed(1)} s`,
        '160 MB',
      ],
      [
        `the same in a heap of ${TIGHT_HEAP_MB} MB`,
        `${tightPeaks.many.toFixed(0)} MiB`,
        `10,000 grants ${tightPeaks.some.toFixed(0)} MiB`,
        `+ ${(tightPeaks.many - tightPeaks.some).toFixed(0)} MiB`,
        'constant',
      ],
    ]
  } finally {
    await few.stop()
    await some.stop()
    await many.stop()
  }
}

/** A served folder of 200 tables, its rights, and an analyst in ten groups (or in all there are). */
async function company(folder, size) {
  await makeTables(join(folder, 'data'), {tables: TABLES, totalBytes: 200_000})
  const data = join(folder, 'data')
  // The first start makes the state, and its administrator's token stays good.
  const {adminToken, stop} = await serveFolder(data, folder)
  await stop()
  await fill(join(data, 'state/system.duckdb'), size)
  const server = {...(await serveFolder(data, folder)), adminToken}
  const user = 'user-0'
  await call(server, `/api/users/${user}/set-password`, {password: PASSWORD})
  const body = {email: `${user}@example.com`, password: PASSWORD}
  const {access_token: token} = await (await call(server, '/auth/token', body)).json()
  return {...server, token}
}

async function fill(path, {users, groups, grants}) {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  const each = grants / groups
  for (const sql of [
    `INSERT INTO users SELECT 'user-' || range, 'user-' || range || '@example.com', 'User ' || range, true, NULL, ${AT}, NULL FROM range(${users})`,
    `INSERT INTO groups SELECT 'group-' || range, 'Group ' || range, NULL, false, ${AT}, 'bench' FROM range(${groups})`,
    `INSERT INTO members SELECT 'group-' || range, 'user-0', 'admin', ${AT}, 'bench' FROM range(${Math.min(10, groups)})`,
    `INSERT INTO grants SELECT 'grant-' || range, 'group-' || range // ${each}, 'table', 'table_' || lpad((range % ${TABLES})::VARCHAR, 3, '0'), ${AT}, 'bench', false FROM range(${grants})`,
  ])
    await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}

/** How long the analyst's manifest takes; first of all somebody's rights change where `isChanged`. */
async function manifestMs(server, {isChanged}) {
  if (isChanged) await call(server, '/api/admin/groups', {name: `Group at ${performance.now()}`})
  const startedAt = performance.now()
  const answer = await fetch(`${server.url}/api/sync/manifest`, {
    headers: {authorization: `Bearer ${server.token}`},
  })
  await answer.text()
  if (!answer.ok) throw new Error(`the manifest answered ${answer.status}`)
  return performance.now() - startedAt
}

async function call({url, adminToken}, path, body) {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: {authorization: `Bearer ${adminToken}`, 'content-type': 'application/json'},
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return answer
}

function manifestRow(what, many, few) {
  const difference = median(many.map((value, round) => value - few[round]))
  return [
    `${what}, 100,000 grants`,
    `${median(many).toFixed(1)} ms`,
    `10 grants ${median(few).toFixed(1)} ms`,
    `+ ${difference.toFixed(1)} ms`,
    '+ 50 ms',
  ]
}
