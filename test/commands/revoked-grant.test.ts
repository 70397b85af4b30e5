import {existsSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {adminOf} from '../support/admin-runs.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {viewsOf} from '../support/engine.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

/** An analyst of the demo with a pulled table, and two snapshots: of a table on the server, of a query. */
async function analyst() {
  const server = await startEmbeddedServer({demo: {scale: 0.1}})
  const [home, admin] = [await tempDir(), await adminOf(server)]
  const root = join(home, 'ws')
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.analystToken}
  const agnes = (argv: string[], options: {tty?: boolean} = {}) =>
    runCli(argv, {env: {...env, AGNES_LOCAL_DIR: root}, currentDir: home, ...options})
  await runCli(['init', root, '--server-url', server.url], {env, currentDir: home})
  return {server, admin, agnes, root}
}

const catalogNames = (root: string) => viewsOf(join(root, 'user/duckdb/analytics.duckdb'))

it('takes a revoked table from disk, catalog and snapshots at the next pull, and says so', async () => {
  const {admin, agnes, root} = await analyst()
  const snapshot = ['snapshot', 'create', 'tickets', '--limit', '5', '--as', 'some_tickets']
  expect((await agnes(snapshot)).exitCode).toBe(0)
  const sql = 'SELECT * FROM tickets LIMIT 3'
  const asked = await agnes(['snapshot', 'create', 'asked', '--from-query', sql])
  expect(asked.exitCode, asked.stderr).toBe(0)
  const files = ['server/parquet/tickets', 'server/parquet/orders.parquet']
  expect(files.map((file) => existsSync(join(root, file)))).toEqual([true, true])
  expect(await catalogNames(root)).toEqual(
    expect.arrayContaining(['tickets', 'some_tickets', 'asked']),
  )

  const {grants} = (await admin(['grant', 'list', '--group', 'Sales', '--json'])).json
  const {id} = grants.find(({resourceId}: {resourceId: string}) => resourceId === 'tickets')
  expect((await admin(['grant', 'delete', id, '--yes'])).exitCode).toBe(0)

  const pulled = await agnes(['pull', '--json'])
  expect(pulled.exitCode, pulled.stdout).toBe(0)
  expect(pulled.json).toMatchObject({
    pruned: [{table: 'tickets', reason: 'revoked'}],
    blockedSnapshots: [
      {name: 'asked', table: 'tickets'},
      {name: 'some_tickets', table: 'tickets'},
    ],
  })
  expect(files.map((file) => existsSync(join(root, file)))).toEqual([false, true])
  const left = await catalogNames(root)
  expect(left).toContain('orders')
  for (const name of ['tickets', 'some_tickets', 'asked']) expect(left).not.toContain(name)

  for (const [name, exitCode, code] of [
    ['tickets', 13, 'table_withdrawn'],
    ['some_tickets', 8, 'snapshot_withdrawn'],
    ['asked', 8, 'snapshot_withdrawn'],
  ]) {
    const refused = await agnes(['query', `FROM ${name}`, '--json'])
    expect([name, refused.exitCode, refused.json.error.code]).toEqual([name, exitCode, code])
    expect(refused.json.error.hint).toContain('agnes pull')
  }
  expect((await agnes(['query', 'SELECT count(*) FROM orders'])).exitCode).toBe(0)
  expect((await agnes(['why', 'tickets'])).stdout).toContain('some_tickets is blocked')
}, 60_000)

it('withholds the files of withdrawn snapshots by path as well, and nothing else', async () => {
  const {admin, agnes, root} = await analyst()
  for (const [table, name] of [
    ['tickets', 'gone'],
    ['orders', 'kept'],
  ])
    expect(
      (await agnes(['snapshot', 'create', table!, '--limit', '5', '--as', name!])).exitCode,
    ).toBe(0)
  await writeFile(join(root, 'own.csv'), 'a\n1\n')
  const {grants} = (await admin(['grant', 'list', '--group', 'Sales', '--json'])).json
  const {id} = grants.find(({resourceId}: {resourceId: string}) => resourceId === 'tickets')
  await admin(['grant', 'delete', id, '--yes'])
  const rowsIn = async (path: string) => {
    const {exitCode, json} = await agnes(['query', `SELECT count(*) FROM '${path}'`, '--json'])
    return exitCode === 0 ? (json.rows[0][0] as unknown) : json.error.code
  }
  const at = (path: string) => join(root, path)
  expect(await rowsIn(at('user/snapshots/gone.parquet'))).toBe(5)
  await agnes(['pull'])
  for (const path of [
    'gone.parquet',
    '*.parquet',
    'gon?.parquet',
    './gone.parquet',
    '../snapshots/gone.parquet',
  ])
    expect(await rowsIn(`${root}/user/snapshots/${path}`), path).toBe('not_permitted')
  expect(await rowsIn(at('user/**/*.parquet'))).toBe('not_permitted')
  expect(await rowsIn(at('user/snapshots/kept.parquet'))).toBe(5)
  expect(await rowsIn(at('own.csv'))).toBe(1)
  expect(await rowsIn(at('server/parquet/orders.parquet'))).toBeGreaterThan(100)
  expect((await agnes(['query', 'FROM kept'])).exitCode).toBe(0)
}, 60_000)

it('is told by a pull in words, until the snapshot is dropped', async () => {
  const {server, admin, agnes} = await analyst()
  await agnes(['snapshot', 'create', 'tickets', '--limit', '5', '--as', 'kept'])
  const grant = [...server.state.all('grants')].find(({resourceId}) => resourceId === 'tickets')!
  await admin(['grant', 'delete', grant.id, '--yes'])
  const shown = await agnes(['pull'], {tty: true})
  expect(shown.stdout).toContain('  removed  tickets: you may not see it any more\n')
  const blocked =
    'snapshot kept: you may not see tickets any more. Remove it: agnes snapshot drop kept'
  expect(shown.stdout).toContain(blocked)
  const later = await agnes(['pull'], {tty: true})
  expect(later.stdout).toMatch(/^Everything is up to date/)
  expect(later.stdout).toContain(blocked)
  expect((await agnes(['pull'])).stdout).toContain('blocked\tkept\t\ttickets\n')
  expect((await agnes(['snapshot', 'drop', 'kept'])).exitCode).toBe(0)
  expect((await agnes(['pull'], {tty: true})).stdout).not.toContain('blocked')
}, 60_000)
