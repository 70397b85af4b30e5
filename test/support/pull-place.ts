import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {onDatabase} from './engine.js'
import {runCli} from './run-cli.js'
import {tempDir} from './temp-dir.js'

/** A workspace that has never pulled, with a look into its catalog as other tools take it. */
export async function pullPlace() {
  const home = await tempDir()
  const root = join(home, 'ws')
  await mkdir(join(root, 'server/parquet'), {recursive: true})
  const catalog = join(root, 'user/duckdb/analytics.duckdb')
  const sql = (...statements: string[]) => onDatabase(catalog, ...statements)
  const agnes = (origin: string, ...argv: string[]) =>
    runCli([...argv, '--workspace', root], {
      env: {HOME: home, AGNES_SERVER: origin, AGNES_TOKEN: 't'},
    })
  return {home, root, catalog, sql, agnes}
}
