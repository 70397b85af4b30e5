// The cases of the bench. Each returns rows: what, measured, compared with, result, to reach.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {copyFileSync, mkdirSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as delay} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {makeBigTable, makeTables} from './data.js'
import {serveManifest} from './manifest-server.js'
import {compare, difference, ENVIRONMENT, median, peakMiB, ratio, time} from './measure.js'
import {pacedLink} from './paced-link.js'

export const AGNES = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
export const NODE = process.execPath
const BARE = {argv: [NODE, '-e', '0']}

/** @returns {import('./measure.js').Job} */
export const agnes = (args, job = {}) => ({...job, argv: [NODE, AGNES, ...args]})
const ms = (value) => `${value.toFixed(0)} ms`
const seconds = (value) => `${(value / 1000).toFixed(2)} s`

export async function startUp({folder, rounds}) {
  const env = {AGNES_CONFIG_DIR: join(folder, 'config')}
  const runs = await compare(
    {bare: BARE, version: agnes(['--version']), command: agnes(['version', '--json'], {env})},
    rounds,
  )
  return [
    against('agnes --version', runs.version, runs.bare, 'bare + 40 ms'),
    against('an empty command', runs.command, runs.bare, ''),
  ]
}

export async function nothingToDo({folder, rounds, tables}) {
  const rows = []
  const file = join(folder, 'tiny.parquet')
  await makeBigTable(file, 4000)
  for (const [count, reach] of [
    [tables.few, 'bare + 100 ms + round trip'],
    [tables.many, 'bare + 400 ms + round trip'],
  ]) {
    const server = await serveManifest(file, count)
    try {
      const workspace = join(folder, `idle-${count}`)
      const job = {cwd: workspace, env: {AGNES_CONFIG_DIR: join(folder, `config-${count}`)}}
      await init(workspace, server.url, 'token', job.env)
      await time(agnes(['pull'], job))
      const hook = (event) => ({
        ...job,
        stdin: JSON.stringify({hook_event_name: event, session_id: 'bench', cwd: workspace}),
      })
      const runs = await compare(
        {
          bare: BARE,
          pull: agnes(['pull', '--quiet'], job),
          ask: {argv: [NODE, '-e', asking(server.url)]},
          start: agnes(['pull', '--quiet'], hook('SessionStart')),
          line: agnes(['statusline'], hook('Status')),
        },
        rounds,
      )
      const ends = await compare(
        // What was handed over works on in the background, and is no part of the next run.
        {
          bare: {...BARE, before: () => delay(2000)},
          end: agnes(['push', '--quiet'], hook('SessionEnd')),
        },
        rounds,
      )
      rows.push(
        against(`pull, nothing to do, ${count} tables`, runs.pull, runs.bare, reach),
        against('the questions of a session start, by Node alone', runs.ask, runs.bare, ''),
        against(`session start, nothing to do, ${count} tables`, runs.start, runs.ask, {
          name: 'the questions',
          reach: 'the questions + 40 ms',
        }),
        against(`session end, handed over, ${count} tables`, ends.end, ends.bare, 'bare + 40 ms'),
        against(`status line, ${count} tables`, runs.line, runs.bare, 'bare + 40 ms'),
      )
    } finally {
      server.close()
    }
  }
  return rows
}

/** What a session start asks of a server, and nothing else. */
function asking(url) {
  const questions = [
    ['/api/sync/manifest', '"manifest"'],
    ['/api/memory/bundle', '"notes"'],
  ]
  return `
    const {request} = require('node:http')
    for (const [path, mark] of ${JSON.stringify(questions)})
      request('${url}' + path, {headers: {'if-none-match': mark}, agent: false}, (answer) => {
        if (answer.statusCode !== 304) throw new Error('not known')
        answer.destroy()
      }).end()`
}

/** What the reference's server delivered: 1.08 GB in 6.4 s. */
const LINK_BYTES_PER_SECOND = 1.08e9 / 6.4

/** Over a link of the reference's rate, and as fast as loopback goes. */
export async function firstPull({folder, pullRounds, totalBytes, tables}) {
  const data = join(folder, 'published')
  const {files, bytes} = await makeTables(data, {tables: tables.published, totalBytes})
  const server = await serveFolder(data, folder)
  const link = await pacedLink(server.url, LINK_BYTES_PER_SECOND)
  const what = `first pull, ${files.length} tables, ${(bytes / 1e9).toFixed(2)} GB`
  const rate = `${(LINK_BYTES_PER_SECOND / 1e6).toFixed(0)} MB/s`
  try {
    const options = {folder, files, rounds: pullRounds, token: server.adminToken}
    return [
      ...(await onePull(`${what}, link of ${rate}`, {...options, name: 'link', url: link.url})),
      ...(await onePull(`${what}, loopback`, {...options, name: 'loopback', url: server.url})),
    ]
  } finally {
    link.close()
    await server.stop()
  }
}

async function onePull(what, {folder, files, rounds, token, name, url}) {
  const env = {AGNES_CONFIG_DIR: join(folder, `config-first-${name}`)}
  const workspace = join(folder, `first-${name}`)
  await init(workspace, url, token, env)
  const target = join(folder, `curl-${name}`)
  const config = curlConfig({url, token}, tableNames(files), target)
  const empty = (path) => () => {
    rmSync(path, {recursive: true, force: true})
    mkdirSync(path, {recursive: true})
  }
  const forget = () => {
    empty(join(workspace, 'server/parquet'))()
    rmSync(join(workspace, '.claude/agnes'), {recursive: true, force: true})
  }
  const runs = await compare(
    {
      curl: {argv: ['curl', '-sS', '--fail', '-K', config], before: empty(target)},
      md5sum: {argv: ['md5sum', ...files]},
      pull: agnes(['pull', '--quiet'], {cwd: workspace, env, before: forget}),
    },
    rounds,
  )
  empty(target)()
  forget()
  const slower = median(runs.curl) > median(runs.md5sum) ? 'curl' : 'md5sum'
  return ['curl', 'md5sum'].map((other) => [
    what,
    seconds(median(runs.pull)),
    `${other} ${seconds(median(runs[other]))}`,
    `${ratio(runs.pull, runs[other]).toFixed(2)} x`,
    other === slower ? '1.25 x the slower' : '',
  ])
}

export async function query({folder, rounds}) {
  const {workspace, env, file, stop} = await pulledTable(folder, 'query', 2e6)
  try {
    const sql = (table) => `SELECT count(*) AS n, sum(id) AS s FROM ${table}`
    const alone = `
      const {DuckDBInstance} = await import('@duckdb/node-api')
      const connection = await (await DuckDBInstance.create(':memory:')).connect()
      console.log((await connection.runAndReadAll(${JSON.stringify(sql(`'${file}'`))})).getRowsJson())`
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const runs = await compare(
      {
        bare: BARE,
        bindings: {argv: [NODE, '--input-type=module', '-e', alone], cwd},
        query: agnes(['query', sql('big')], {cwd: workspace, env}),
      },
      rounds,
    )
    return [
      against('local query, small table', runs.query, runs.bare, 'bare + 200 ms'),
      [
        'local query, small table',
        ms(median(runs.query)),
        `bindings alone ${ms(median(runs.bindings))}`,
        `${ratio(runs.query, runs.bindings).toFixed(2)} x`,
        '',
      ],
    ]
  } finally {
    await stop()
  }
}

export async function memory({folder, bigBytes, rows}) {
  const {workspace, env, stop, forget} = await pulledTable(folder, 'memory', bigBytes)
  try {
    forget()
    const pull = await peakMiB(agnes(['pull', '--quiet'], {cwd: workspace, env}))
    const sql = `SELECT range AS id, range * 2 AS twice, 'row ' || range AS name FROM range(${rows})`
    const csv = await peakMiB(agnes(['query', sql, '--format', 'csv'], {cwd: workspace, env}))
    const size = `${(bigBytes / 2 ** 20).toFixed(0)} MiB`
    return [
      [`memory, pull of one file of ${size}`, `${pull.toFixed(0)} MiB`, '', '', '160 MB'],
      [
        `memory, query of ${rows / 1e6} million rows to csv`,
        `${csv.toFixed(0)} MiB`,
        '',
        '',
        '200 MB',
      ],
    ]
  } finally {
    await stop()
  }
}

/**
 * A remote table kept as a snapshot, against curl taking the same bytes and the engine writing as many
 * rows from a file it reads fast. The server makes the rows anew for both.
 */
export async function snapshot({folder, pullRounds, scale}) {
  const data = join(folder, 'snapshot-data')
  const options = ['--demo', '--scale', String(scale), '--max-daily-bytes', '0']
  const server = await serveFolder(data, folder, options)
  try {
    const env = {AGNES_CONFIG_DIR: join(folder, 'config-snapshot')}
    const workspace = join(folder, 'snapshot')
    await init(workspace, server.url, server.analystToken, env)
    const create = [
      'snapshot',
      'create',
      'web_sessions',
      '--as',
      'kept',
      '--force',
      '--no-estimate',
    ]
    const job = agnes(create, {cwd: workspace, env})
    const peak = await peakMiB(job)
    const kept = join(workspace, 'user/snapshots/kept.parquet')
    const source = join(folder, 'snapshot-source.parquet')
    copyFileSync(kept, source)
    const target = join(folder, 'snapshot-curl')
    const config = join(folder, 'snapshot.config')
    const lines = [
      `url = "${server.url}/api/v2/scan"`,
      `header = "Authorization: Bearer ${server.analystToken}"`,
      'header = "Content-Type: application/json"',
      String.raw`data = "{\"table_id\": \"web_sessions\"}"`,
      `output = "${target}.arrow"`,
    ]
    writeFileSync(config, lines.join('\n') + '\n', {mode: 0o600})
    const copy = `
      const {DuckDBInstance} = await import('@duckdb/node-api')
      const connection = await (await DuckDBInstance.create(':memory:')).connect()
      await connection.run("COPY (FROM '${source}') TO '${target}.parquet' (FORMAT parquet, COMPRESSION zstd)")`
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const runs = await compare(
      {
        snapshot: job,
        curl: {argv: ['curl', '-sS', '--fail', '-K', config]},
        copy: {argv: [NODE, '--input-type=module', '-e', copy], cwd},
      },
      pullRounds,
    )
    const both = runs.curl.map((value, round) => value + runs.copy[round])
    const size = statSync(`${target}.arrow`).size / 1e6
    const what = `snapshot, ${((scale * 300_000) / 1e6).toFixed(1)} million rows, ${size.toFixed(0)} MB`
    return [
      [
        what,
        seconds(median(runs.snapshot)),
        `curl + engine ${seconds(median(both))}`,
        `${ratio(runs.snapshot, both).toFixed(2)} x`,
        '1.5 x',
      ],
      [`memory, ${what}`, `${peak.toFixed(0)} MiB`, '', '', '512 MB'],
    ]
  } finally {
    await server.stop()
  }
}

/** A workspace with one pulled table, `big`. */
export async function pulledTable(folder, name, bytes) {
  const data = join(folder, `${name}-data`)
  mkdirSync(data)
  const file = join(data, 'big.parquet')
  await makeBigTable(file, bytes)
  const server = await serveFolder(data, folder)
  const env = {AGNES_CONFIG_DIR: join(folder, `config-${name}`)}
  const workspace = join(folder, name)
  await init(workspace, server.url, server.adminToken, env)
  await time(agnes(['pull', '--quiet'], {cwd: workspace, env}))
  const forget = () => {
    rmSync(join(workspace, 'server/parquet'), {recursive: true, force: true})
    rmSync(join(workspace, '.claude/agnes'), {recursive: true, force: true})
  }
  return {workspace, env, file, stop: server.stop, forget}
}

export async function init(workspace, url, token, env) {
  const args = ['init', workspace, '--server-url', url, '--token-stdin', '--no-pull']
  await time(agnes(args, {env, stdin: `${token}\n`}))
}

/** `agnes serve` over a folder, ready to answer. */
export async function serveFolder(data, folder, options = []) {
  const child = spawn(NODE, [AGNES, 'serve', data, '--port', '0', '--json', ...options], {
    env: {...ENVIRONMENT, AGNES_CONFIG_DIR: join(folder, 'config-server')},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const [line] = await once(createInterface({input: child.stdout}), 'line')
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return {...JSON.parse(line), stop}
}

const tableNames = (files) => files.map((file) => file.replace(/^.*[\\/]|\.parquet$/g, ''))

/** One curl process that fetches every table over one connection, with the token. */
function curlConfig({url, token}, names, target) {
  const path = `${target}.config`
  const header = `header = "Authorization: Bearer ${token}"`
  const urls = names.map(
    (name) =>
      `url = "${url}/api/data/${name}/download"\noutput = "${join(target, `${name}.parquet`)}"`,
  )
  writeFileSync(path, [header, ...urls].join('\n') + '\n', {mode: 0o600})
  return path
}

/** @param {string | {name: string, reach: string}} goal what is compared with, where it is not `node -e 0` */
export function against(what, runs, others, goal) {
  const {name, reach} = typeof goal === 'string' ? {name: 'node -e 0', reach: goal} : goal
  const short = typeof goal === 'string' ? 'bare' : name
  const result = `${short} + ${ms(difference(runs, others))} (${ratio(runs, others).toFixed(2)} x)`
  return [what, ms(median(runs)), `${name}, ${ms(median(others))}`, result, reach]
}
