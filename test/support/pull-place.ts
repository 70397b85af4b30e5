import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {runCli} from './run-cli.js'
import {tempDir} from './temp-dir.js'

/** A workspace that has never pulled, with a look into its catalog as other tools take it. */
export async function pullPlace() {
  const home = await tempDir()
  const root = join(home, 'ws')
  await mkdir(join(root, 'server/parquet'), {recursive: true})
  const catalog = join(root, 'user/duckdb/analytics.duckdb')
  const sql = async (...statements: string[]) => {
    const session = await new DuckDbWarehouse().open({path: catalog, access: 'write'})
    try {
      for (const statement of statements.slice(0, -1)) await session.run(statement)
      return await session.rows(statements.at(-1)!)
    } finally {
      await session.close()
    }
  }
  const agnes = (origin: string, ...argv: string[]) =>
    runCli([...argv, '--workspace', root], {
      env: {HOME: home, AGNES_SERVER: origin, AGNES_TOKEN: 't'},
    })
  return {home, root, catalog, sql, agnes}
}
