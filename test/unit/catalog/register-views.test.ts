import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {registerViews, type CatalogState} from '../../../src/lib/catalog/register-views.js'
import {onDatabase, writeParquet} from '../../support/engine.js'
import {tempDir} from '../../support/temp-dir.js'

const signal = new AbortController().signal
const warehouse = new DuckDbWarehouse()
const never = () => Promise.reject(new Error('the engine was loaded'))

async function workspace() {
  const root = await tempDir()
  await mkdir(join(root, 'server/parquet'), {recursive: true})
  await mkdir(join(root, 'user/duckdb'), {recursive: true})
  const files = new NodeFiles(root, systemRandom)
  const catalog = join(root, 'user/duckdb/analytics.duckdb')
  const sql = (...statements: string[]) => onDatabase(catalog, ...statements)
  const publish = (table: string, query: string) =>
    writeParquet(query, join(root, `server/parquet/${table}.parquet`))
  const view = (name: string, version = '1') => ({
    ...{name, fingerprint: `${name}${version}`},
    query: `SELECT * FROM read_parquet('${join(root, `server/parquet/${name}.parquet`)}')`,
  })
  let remembered: CatalogState = {views: {}, behind: null}
  const register = async (
    wanted: ReturnType<typeof view>[],
    over: {withdrawn?: string[]; isForced?: boolean; engine?: typeof never} = {},
  ) => {
    const {withdrawn = [], isForced = false, engine} = over
    const deps = {files, warehouse: engine ?? (async () => warehouse)}
    const request = {wanted, remembered, withdrawn, isForced, asideName: 'damaged-now'}
    const {outcome, state} = await registerViews(deps, request, signal)
    remembered = state
    return outcome
  }
  return {root, catalog, sql, publish, view, register}
}

describe('registerViews', () => {
  it('makes a view of each table, and loads no engine when nothing changed', async () => {
    const {publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    expect((await register([view('a')])).registered).toEqual(['a'])
    expect(await sql('SELECT x FROM a')).toEqual([[1]])
    expect((await register([view('a')], {engine: never})).state).toBe('unchanged')
  })

  it('follows new columns, and drops the view of a table that is gone', async () => {
    const {publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await publish('b', 'SELECT 1 AS x')
    await register([view('a'), view('b')])
    await publish('a', "SELECT 'new' AS y, 2 AS z")
    const outcome = await register([view('a', '2')])
    expect([outcome.registered, outcome.dropped]).toEqual([['a'], ['b']])
    expect(await sql('SELECT * FROM a')).toEqual([['new', 2]])
  })

  it('leaves tables and views of the user alone, whatever their name', async () => {
    const {publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await publish('b', 'SELECT 1 AS x')
    await sql(
      'CREATE TABLE A AS SELECT 42 AS mine',
      'CREATE VIEW mine AS SELECT 7 AS n',
      'CREATE VIEW b AS SELECT 9 AS own',
      'SELECT 1',
    )
    const outcome = await register([view('a'), view('b')])
    expect(outcome.shadowed).toEqual(['a', 'b'])
    expect((await register([view('a'), view('b')], {engine: never})).shadowed).toEqual(['a', 'b'])
    await register([], {withdrawn: ['mine', 'a']})
    expect(await sql('SELECT mine, n, own FROM a, mine, b')).toEqual([[42, 7, 9]])
  })

  it('does not take back a view of ours that the user has rewritten', async () => {
    const {publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await register([view('a')])
    await sql('CREATE OR REPLACE VIEW a AS SELECT 5 AS five', 'SELECT 1')
    expect((await register([view('a', '2')])).shadowed).toEqual(['a'])
    expect(await sql('SELECT * FROM a')).toEqual([[5]])
  })

  it('takes over the views of the reference client', async () => {
    const {publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await publish('b', 'SELECT 1 AS x')
    await sql(
      `CREATE VIEW a AS ${view('a').query}`,
      `CREATE VIEW b AS ${view('b').query}`,
      'SELECT 1',
    )
    const outcome = await register([view('a')], {withdrawn: ['b']})
    expect([outcome.registered, outcome.dropped, outcome.shadowed]).toEqual([['a'], ['b'], []])
  })

  it('makes the other views when one cannot be made', async () => {
    const {root, publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await publish('c', 'SELECT 3 AS x')
    await writeFile(join(root, 'server/parquet/b.parquet'), 'not parquet')
    const outcome = await register([view('a'), view('b'), view('c')])
    expect([outcome.registered, outcome.failed.map(({table}) => table)]).toEqual([
      ['a', 'c'],
      ['b'],
    ])
    expect(await sql('SELECT c.x FROM a, c')).toEqual([[3]])
  })

  it('moves a damaged catalog aside and makes a new one', async () => {
    const {catalog, publish, view, register, sql} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await writeFile(
      catalog,
      'this is no database, but it is long enough to be looked at as one'.repeat(100),
    )
    expect((await register([view('a')])).movedAside).toBe(
      'user/duckdb/analytics.duckdb.damaged-now',
    )
    expect(await sql('SELECT x FROM a')).toEqual([[1]])
  })

  it('makes everything again when the file was deleted', async () => {
    const {root, publish, view, register} = await workspace()
    await publish('a', 'SELECT 1 AS x')
    await register([view('a')])
    await new NodeFiles(root, systemRandom).remove('user/duckdb')
    expect((await register([view('a')])).registered).toEqual(['a'])
  })
})
