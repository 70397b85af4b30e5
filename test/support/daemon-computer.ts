import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'
import type {DaemonStatusResult} from '../../src/commands/daemon/status.js'
import {startCountingServer} from './counting-server.js'
import {flatTable} from './flat-table.js'
import {installedCli} from './installed-cli.js'
import {untilAllHaveLeft} from './left-processes.js'
import {runNode} from './spawn-node.js'
import {tempDir} from './temp-dir.js'

/**
 * A computer with a server to talk to, some workspaces, and no daemon yet.
 *
 * @param program another entry of the CLI than the one of all tests
 */
export async function daemonComputer(workspaces: string[], program?: string) {
  const entry = program ?? (await installedCli())
  const home = await tempDir()
  const config = join(home, '.config/agnes')
  const server = await startCountingServer()
  server.publish([await flatTable('a', 10), await flatTable('b', 20)])
  const roots = workspaces.map((name) => join(home, name))
  for (const root of roots) await mkdir(join(root, 'server/parquet'), {recursive: true})
  const entries = roots.map((path) => ({path, server: server.origin, createdAt: '2026-01-31'}))
  await mkdir(config, {recursive: true, mode: 0o700})
  await writeFile(join(config, 'workspaces.json'), JSON.stringify({format: 1, workspaces: entries}))
  const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't', AGNES_NO_KEYCHAIN: '1'}
  const agnes = async (...argv: string[]) => {
    const end = await runNode([entry, ...argv, '--json'], {env, cwd: home})
    const json = end.stdout === '' ? undefined : (JSON.parse(end.stdout) as unknown)
    return {...end, json: json as any}
  }
  const status = async () => (await agnes('daemon', 'status')).json as DaemonStatusResult
  onTestFinished(async () => {
    const {daemon} = await status()
    if (daemon) process.kill(daemon.pid, 'SIGTERM')
    await untilAllHaveLeft(home)
  })
  /** `undefined` where the query is refused. */
  const rowsOf = async (root: string, table: string) => {
    const sql = `SELECT count(*) AS n FROM ${table}`
    const {json} = await agnes('query', sql, '--workspace', root)
    return json?.rows?.[0]?.[0] as unknown
  }
  return {entry, home, config, server, roots, env, agnes, status, rowsOf}
}
