import {createHash} from 'node:crypto'
import {mkdir, readdir, readFile, rm, stat, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {tempDir} from '../../support/temp-dir.js'
import {writeParquet} from '../../support/engine.js'
import {copyVega, openStore, vega} from './open-store.js'

async function plainFolder(): Promise<string> {
  const dir = await tempDir()
  await copyVega(dir, {
    'weather.csv': 'weather.csv',
    'movies.json': 'movies.json',
    'flights-3m.parquet': 'flights.parquet',
  })
  return dir
}

describe('a plain folder', () => {
  it('becomes one source with a table per file', async () => {
    const dir = await plainFolder()
    const {store} = await openStore(dir)
    expect(
      store.tables().map(({name, rows, source, queryMode}) => ({name, rows, source, queryMode})),
    ).toEqual([
      {name: 'flights', rows: 3_000_000, source: 'local', queryMode: 'local'},
      {name: 'movies', rows: 3201, source: 'local', queryMode: 'local'},
      {name: 'weather', rows: 2922, source: 'local', queryMode: 'local'},
    ])
  })

  it('publishes Parquet byte for byte and never touches the source', async () => {
    const dir = await plainFolder()
    const before = await readFile(join(dir, 'flights.parquet'))
    const {store} = await openStore(dir)
    const flights = store.byName('flights')!
    expect(flights.hash).toBe(createHash('md5').update(before).digest('hex'))
    expect(flights.sizeBytes).toBe(before.length)
    expect((await readFile(flights.file!)).equals(before)).toBe(true)
    expect((await readFile(join(dir, 'flights.parquet'))).equals(before)).toBe(true)
  })

  it('gives odd file names safe table names, and keeps two files of one stem apart', async () => {
    const dir = await tempDir()
    await writeFile(join(dir, 'Ceny & Zákazníci 2026.csv'), 'a;b\n1;2\n')
    await writeFile(join(dir, '2026-01.csv'), 'a\n1\n')
    await writeFile(join(dir, '表.csv'), 'a\n1\n')
    await writeFile(join(dir, 'orders.csv'), 'a\n1\n')
    await writeFile(join(dir, 'orders.ndjson'), '{"a": 1}\n{"a": 2}\n')
    const {store} = await openStore(dir)
    const names = store.tables().map(({name}) => name)
    expect(names).toContain('ceny_zakaznici_2026')
    expect(names).toContain('t_2026_01')
    expect(names).toContain('orders')
    expect(names.filter((name) => /^orders_[0-9a-f]{6}$/.test(name))).toHaveLength(1)
    expect(names.filter((name) => /^table_[0-9a-f]{8}$/.test(name))).toHaveLength(1)
    expect(names).toHaveLength(5)
  })

  it('reports a broken file and serves the others', async () => {
    const dir = await tempDir()
    await copyVega(dir, {'airports.csv': 'airports.csv'})
    await writeFile(join(dir, 'broken.parquet'), 'PAR1 this is not Parquet')
    await writeFile(join(dir, 'broken.json'), '{"a": [1, 2')
    const {store, logger} = await openStore(dir)
    expect(store.tables().map(({name}) => name)).toEqual(['airports'])
    const skipped = logger.lines.filter(({event}) => event === 'server.file_skipped')
    expect(skipped.map(({fields}) => fields.file)).toEqual(['broken.json', 'broken.parquet'])
  })

  it('makes a partitioned table of a sub-folder of Parquet parts', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'tickets/month=2026-01'), {recursive: true})
    await mkdir(join(dir, 'tickets/month=2026-02'), {recursive: true})
    for (const month of [1, 2])
      await writeParquet(
        `SELECT range AS id FROM range(${month + 2})`,
        `${dir}/tickets/month=2026-0${month}/data.parquet`,
      )
    const {store} = await openStore(dir)
    const tickets = store.byName('tickets')!
    expect(tickets.parts!.map(({path}) => path)).toEqual([
      'month=2026-01/data.parquet',
      'month=2026-02/data.parquet',
    ])
    const lines = tickets.parts!.map(({path, md5}) => `${path}:${md5}`).join('\n')
    expect(tickets.hash).toBe(createHash('md5').update(lines).digest('hex'))
    expect(tickets).toMatchObject({rows: 7, file: null, partitionBy: 'month'})
  })

  it('extracts again only what changed, and drops what went away', async () => {
    const dir = await tempDir()
    await copyVega(dir, {
      'weather.csv': 'weather.csv',
      'airports.csv': 'airports.csv',
      'wheat.json': 'wheat.json',
    })
    const first = await openStore(dir)
    const airports = join(dir, 'extracts/local/data/airports.parquet')
    const before = await stat(airports)
    await writeFile(join(dir, 'weather.csv'), 'date,temp\n2026-01-01,1.5\n')
    await rm(join(dir, 'wheat.json'))
    await first.store.rescan()
    expect(first.store.byName('weather')!.rows).toBe(1)
    expect(first.store.byName('wheat')).toBeUndefined()
    expect((await stat(airports)).mtimeMs).toBe(before.mtimeMs)
    expect((await readdir(join(dir, 'extracts/local/data'))).sort()).toEqual([
      'airports.parquet',
      'weather.parquet',
    ])
  })

  it('keeps serving the last good copy of a file that broke', async () => {
    const dir = await tempDir()
    await copyVega(dir, {'weather.csv': 'weather.csv'})
    await writeParquet('SELECT 1 AS a', `${dir}/one.parquet`)
    const {store} = await openStore(dir)
    const hash = store.byName('one')!.hash
    await writeFile(join(dir, 'one.parquet'), 'half written')
    await store.rescan()
    expect(store.byName('one')).toMatchObject({rows: 1, hash})
  })

  it('does nothing when nothing changed, and hashes no file twice', async () => {
    const dir = await tempDir()
    await copyVega(dir, {'weather.csv': 'weather.csv'})
    const first = await openStore(dir)
    const tables = first.store.tables()
    await first.store.rescan()
    expect(first.store.tables()).toBe(tables)
    const second = await openStore(dir)
    expect(second.store.tables()).toEqual(tables)
    expect(second.logger.lines).toEqual([])
  })

  it('leaves the extracts of somebody else alone', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'extracts/crm'), {recursive: true})
    await copyVega(dir, {'weather.csv': 'weather.csv'})
    const {store} = await openStore(dir)
    expect(store.tables()).toEqual([])
    expect(await readdir(join(dir, 'extracts'))).toEqual(['crm'])
  })

  it('widens a column whose first rows looked like numbers', async () => {
    const dir = await tempDir()
    const lines = Array.from({length: 30_000}, (_, index) => `${index},${index}`)
    await writeFile(join(dir, 'codes.csv'), ['id,code', ...lines, '30000,A-1', ''].join('\n'))
    const {store} = await openStore(dir)
    expect(store.byName('codes')!.rows).toBe(30_001)
  })

  it('removes what an interrupted extraction left', async () => {
    const dir = await tempDir()
    await copyVega(dir, {'weather.csv': 'weather.csv'})
    await openStore(dir)
    await writeFile(join(dir, 'extracts/local/data/.weather.0badf00d'), 'half')
    await utimes(join(dir, 'weather.csv'), new Date(), new Date('2026-01-01'))
    await openStore(dir)
    expect(await readdir(join(dir, 'extracts/local/data'))).toEqual(['weather.parquet'])
  })
})

it('the data sets of the tests are there', async () => {
  expect(await readdir(vega)).toContain('flights-3m.parquet')
})
