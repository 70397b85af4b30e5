import {existsSync} from 'node:fs'
import {mkdir, readdir, rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import type {DaemonStatusResult} from '../../src/commands/daemon/status.js'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {adminOf} from '../support/admin-runs.js'
import {demoServer} from '../support/demo-server.js'
import {installedCli} from '../support/installed-cli.js'
import {untilAllHaveLeft} from '../support/left-processes.js'
import {runNode} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

/** A demo server, an analyst's computer with two workspaces, and a daemon that looks every ten seconds. */
async function company() {
  const entry = await installedCli()
  const home = await tempDir()
  const dir = await tempDir()
  const server = {dir, ...(await demoServer(home, {entry, dir}))}
  const config = join(home, '.config/agnes')
  const env = {HOME: home, AGNES_NO_KEYCHAIN: '1'}
  const agnes = async (argv: string[], stdin?: string) => {
    const options = {env, cwd: home, ...(stdin === undefined ? {} : {stdin})}
    const end = await runNode([entry, ...argv, '--json'], options)
    return {...end, json: (end.stdout === '' ? null : JSON.parse(end.stdout)) as any}
  }
  await mkdir(config, {recursive: true, mode: 0o700})
  await writeFile(
    join(config, 'config.yaml'),
    'daemon:\n  conditional_interval_seconds: 10\n  min_free_mib: 1\n',
  )
  const roots = ['one', 'two'].map((name) => join(home, name))
  for (const root of roots) {
    const words = ['init', root, '--server-url', server.url, '--token-stdin']
    const made = await agnes(words, `${server.analystToken}\n`)
    expect(made.exitCode, made.stdout).toBe(0)
  }
  onTestFinished(async () => {
    const {daemon} = (await agnes(['daemon', 'status'])).json as DaemonStatusResult
    if (daemon) process.kill(daemon.pid, 'SIGTERM')
    await untilAllHaveLeft(home)
  })
  const query = (root: string, sql: string) => agnes(['query', sql, '--workspace', root])
  /** Rows of a table as a query sees them; `null` when it is refused. */
  const rows = async (root: string, table: string) => {
    const {exitCode, json} = await query(root, `SELECT count(*) AS n FROM ${table}`)
    return exitCode === 0 ? (json.rows[0][0] as number) : null
  }
  return {server, agnes, roots, query, rows}
}

/** Publishes half of a table, beside and renamed, as an extractor does. */
async function halve(file: string): Promise<void> {
  const session = await new DuckDbWarehouse().open({path: ':memory:', access: 'write'})
  const rows = `FROM '${file}' WHERE hash(order_id) % 2 = 0`
  await session.run(`COPY (${rows}) TO '${file}.next' (FORMAT parquet)`)
  await session.close()
  await rename(`${file}.next`, file)
}

/** Asks again until it holds. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await isSo()).toBe(true), {timeout: 120_000, interval: 200})
}

describe('two workspaces beside a daemon', {timeout: 300_000}, () => {
  it('follow their server untouched, while queries run without one error', async () => {
    const {server, agnes, roots, rows, query} = await company()
    expect((await agnes(['daemon', 'start'])).exitCode).toBe(0)
    const stop = new AbortController()
    const failures: unknown[] = []
    let asked = 0
    const loop = async () => {
      while (!stop.signal.aborted)
        for (const root of roots) {
          const {exitCode, json} = await query(root, 'SELECT count(*), min(order_id) FROM orders')
          asked++
          if (exitCode !== 0) failures.push(json)
        }
    }
    const asking = loop()
    const before = await rows(roots[0]!, 'orders')
    await halve(join(server.dir, 'extracts/shop/data/orders.parquet'))
    const headers = {authorization: `Bearer ${server.adminToken}`}
    const trigger = await fetch(`${server.url}/api/sync/trigger`, {method: 'POST', headers})
    expect(trigger.status).toBe(200)
    for (const root of roots) await until(async () => (await rows(root, 'orders')) !== before)
    stop.abort()
    await asking
    expect(failures).toEqual([])
    expect(asked).toBeGreaterThan(2)
  })

  it('lose a revoked table by name, in files, in snapshots and in the catalog, untouched', async () => {
    const {server, agnes, roots, rows, query} = await company()
    const admin = await adminOf(server)
    for (const root of roots) {
      const create = ['snapshot', 'create', 'tickets', '--limit', '5', '--as', 'kept']
      expect((await agnes([...create, '--workspace', root])).exitCode).toBe(0)
      expect(await rows(root, 'kept')).toBe(5)
    }
    await agnes(['daemon', 'start'])
    const {grants} = (await admin(['grant', 'list', '--group', 'Sales', '--json'])).json
    const {id} = grants.find(({resourceId}: {resourceId: string}) => resourceId === 'tickets')
    expect((await admin(['grant', 'delete', id, '--yes'])).exitCode).toBe(0)
    for (const root of roots) {
      const folder = join(root, 'server/parquet/tickets')
      await until(async () => !existsSync(folder) && (await rows(root, 'tickets')) === null)
      expect((await query(root, 'FROM tickets')).json.error.code).toBe('table_withdrawn')
      expect((await query(root, 'FROM kept')).json.error.code).toBe('snapshot_withdrawn')
      const byPath = await query(root, `FROM '${join(root, 'user/snapshots/kept.parquet')}'`)
      expect(byPath.json.error.code).toBe('not_permitted')
      expect(await readdir(join(root, '.claude/agnes/partials')).catch(() => [])).toEqual([])
      expect(await rows(root, 'orders')).toBeGreaterThan(0)
    }
    await until(async () => {
      const told = (await agnes(['daemon', 'findings'])).json.findings as {kind: string}[]
      return told.filter(({kind}) => kind === 'grant_lost').length === 2
    })
  })
})
