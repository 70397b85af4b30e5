import {mkdir, readdir, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {queryWorkspace, type QueryWorkspace} from '../support/query-workspace.js'

/** A workspace beside a folder it must never reach. */
async function guarded(): Promise<QueryWorkspace & {outside: string}> {
  const workspace = await queryWorkspace({
    tables: {orders: 'SELECT 1 AS id'},
    catalog: 'CREATE TABLE own AS SELECT 1 AS x; CREATE SEQUENCE seq',
  })
  const outside = join(workspace.home, 'outside')
  await mkdir(outside)
  await writeFile(join(outside, 'secret.csv'), 'x\nsecret\n')
  await workspace.copy("SELECT 'secret' AS x", '../outside/secret.parquet')
  await symlink(join(outside, 'secret.csv'), join(workspace.root, 'link.csv'))
  await symlink(outside, join(workspace.root, 'linked'))
  await writeFile(join(workspace.root, 'inside.csv'), 'x\nmine\n')
  return {...workspace, outside}
}

const READS = [
  "FROM read_csv('{outside}/secret.csv')",
  "FROM '{outside}/secret.csv'",
  "FROM '{outside}/secret.parquet'",
  "FROM read_parquet(['{outside}/secret.parquet'])",
  "FROM parquet_metadata('{outside}/secret.parquet')",
  "FROM read_text('{outside}/secret.csv')",
  "FROM read_blob('{outside}/secret.csv')",
  "FROM read_json('{outside}/secret.csv')",
  "FROM sniff_csv('{outside}/secret.csv')",
  "FROM glob('{outside}/*')",
  "FROM glob('/etc/*')",
  "FROM read_text('/etc/passwd')",
  "FROM read_text('/proc/self/environ')",
  "FROM read_text('{root}/../outside/secret.csv')",
  "FROM read_text('{root}/link.csv')",
  "FROM read_text('{root}/linked/secret.csv')",
  "FROM read_text('{root}/linked/*')",
  "FROM read_text('file://{outside}/secret.csv')",
  "FROM read_csv('http://127.0.0.1:9/x.csv')",
  "FROM read_parquet('s3://bucket/x.parquet')",
  "FROM read_duckdb('{outside}/x.duckdb', table_name := 't')",
  "SELECT getenv('HOME')",
  'FROM duckdb_secrets()',
]

const STATEMENTS = [
  "COPY orders TO '{root}/stolen.csv'",
  "COPY (SELECT 1) TO '{outside}/stolen.csv'",
  "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/stolen.csv'",
  "EXPORT DATABASE '{root}/export'",
  "ATTACH '{root}/stolen.duckdb'",
  "ATTACH ':memory:' AS other",
  'DETACH analytics',
  'INSTALL httpfs',
  'LOAD httpfs',
  "SET memory_limit = '1TB'",
  'SET lock_configuration = false',
  'RESET ALL',
  'PRAGMA enable_profiling',
  "PRAGMA import_database('{root}')",
  "IMPORT DATABASE '{root}'",
  'CREATE TABLE t AS SELECT 1',
  'CREATE TEMP TABLE t AS SELECT 1',
  'CREATE MACRO m() AS 1',
  "CREATE SECRET (TYPE s3, KEY_ID 'x')",
  'INSERT INTO own VALUES (2)',
  'WITH y AS (SELECT 2) INSERT INTO own FROM y',
  'UPDATE own SET x = 2',
  'DELETE FROM own',
  'DROP TABLE own',
  'TRUNCATE own',
  'ALTER TABLE own ADD COLUMN y INTEGER',
  'CALL force_checkpoint()',
  'CHECKPOINT',
  'VACUUM',
  'BEGIN',
  'USE memory',
  'PREPARE p AS SELECT 1',
  'SELECT 1; SELECT 2',
  "SELECT 1; COPY orders TO '{root}/stolen.csv'",
  "FROM enable_logging(storage := 'file', storage_path := '{root}/stolen')",
  "SELECT * FROM \"Enable_Profiling\"(format := 'json', save_location := '{root}/stolen.json')",
  'SELECT (SELECT count(*) FROM force_checkpoint())',
  "FROM query('SELECT 1')",
  "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
  "SELECT nextval('seq')",
  '',
  '-- nothing',
]

describe('agnes query', () => {
  it('reads files of the workspace', async () => {
    const {run, root} = await guarded()
    const {stdout} = await run(['query', `FROM '${root}/inside.csv'`, '--format', 'csv'])
    expect(stdout).toBe('x\nmine\n')
  })

  it('reads no other file, by no path', async () => {
    const {run, root, outside} = await guarded()
    for (const template of READS) {
      const sql = template.replaceAll('{root}', root).replaceAll('{outside}', outside)
      const {exitCode, stdout, stderr} = await run(['query', sql])
      expect([sql, exitCode, stdout]).toEqual([sql, 13, ''])
      expect(stderr).not.toContain('secret\n')
    }
  })

  it('changes nothing, in no way', async () => {
    const {run, root, outside} = await guarded()
    const before = await readdir(root)
    const database = await readFile(join(root, 'user/duckdb/analytics.duckdb'))
    for (const template of STATEMENTS) {
      const sql = template.replaceAll('{root}', root).replaceAll('{outside}', outside)
      const {exitCode, stdout, stderr} = await run(['query', sql])
      expect([sql, exitCode, stdout]).toEqual([sql, sql === '' ? 2 : 13, ''])
      expect(stderr).toContain('Error: ')
    }
    expect(await readdir(root)).toEqual(before)
    expect((await readdir(outside)).sort()).toEqual(['secret.csv', 'secret.parquet'])
    expect(database.equals(await readFile(join(root, 'user/duckdb/analytics.duckdb')))).toBe(true)
  })

  it('says what it does instead', async () => {
    const {run} = await guarded()
    const {json} = await run(['query', "COPY orders TO 'x.csv'", '--json'])
    expect(json.error).toMatchObject({code: 'not_a_query', details: {statement: 'COPY'}})
    expect(json.error.hint).toContain('--out FILE')
  })

  it('never writes a cell over a file it was not told to', async () => {
    const {run, root} = await guarded()
    await symlink(join(root, 'server/parquet/orders.parquet'), join(root, 'innocent.csv'))
    const {exitCode} = await run(['query', 'SELECT 1', '--format', 'csv', '--out', 'innocent.csv'])
    expect(exitCode).toBe(2)
    expect((await run(['query', 'FROM orders', '--format', 'csv'])).stdout).toBe('id\n1\n')
  })
})
