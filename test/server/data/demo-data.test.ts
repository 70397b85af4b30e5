import {createHash} from 'node:crypto'
import {readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {createBenchData} from '../../../src/server/data/create-bench-data.js'
import {createDemoData, type DemoSeed} from '../../../src/server/data/create-demo-data.js'
import {createQueryEngine} from '../../../src/server/engine/query-engine.js'
import {FakeClock} from '../../support/fake-clock.js'
import {demoTemplates} from '../../support/demo-folder.js'
import {tempDir} from '../../support/temp-dir.js'
import {openStore, warehouse} from './open-store.js'

async function demo(options: {scale?: number; seed?: number; dir?: string} = {}) {
  const dir = options.dir ?? (await tempDir())
  const seed = await createDemoData(
    {scale: options.scale ?? 0.05, seed: options.seed ?? 1},
    {
      files: new NodeFiles(dir, systemRandom),
      templates: demoTemplates(),
      warehouse,
    },
  )
  return {dir, seed, ...(await openStore(dir))}
}

const hashes = ({store}: Awaited<ReturnType<typeof demo>>) =>
  store.tables().map(({name, hash, rows}) => ({name, hash, rows}))

describe('the demo company', () => {
  it('publishes every kind of table', async () => {
    const {store, logger} = await demo()
    const kinds = store
      .tables()
      .map(({name, queryMode, serverOnly, hash, parts}) => [
        name,
        queryMode,
        serverOnly
          ? 'server only'
          : parts
            ? `${parts.length} parts`
            : hash === null
              ? 'no data'
              : hash === ''
                ? 'no file'
                : 'file',
      ])
    expect(kinds).toEqual([
      ['customer_contacts', 'local', 'server only'],
      ['customers', 'local', 'file'],
      ['employees', 'local', 'file'],
      ['margin_daily', 'materialized', 'no data'],
      ['monthly_revenue', 'materialized', 'file'],
      ['order_items', 'local', 'file'],
      ['orders', 'local', 'file'],
      ['payroll', 'local', 'file'],
      ['products', 'local', 'file'],
      ['subscriptions', 'local', 'file'],
      ['tickets', 'local', '12 parts'],
      ['web_sessions', 'remote', 'no file'],
    ])
    expect(logger.lines).toEqual([])
  })

  it('gives the same bytes for the same seed, and others for another', async () => {
    const first = hashes(await demo())
    expect(hashes(await demo())).toEqual(first)
    const other = hashes(await demo({seed: 2}))
    expect(other.filter(({hash}, index) => hash && hash === first[index]!.hash)).toEqual([])
  })

  it('builds again only when seed, scale or definition changed', async () => {
    const {dir} = await demo()
    const file = join(dir, 'extracts/shop/data/orders.parquet')
    const before = await stat(file)
    await demo({dir})
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs)
    const {store} = await demo({dir, scale: 0.1})
    expect(store.byName('orders')!.rows).toBe(2400)
  })

  it('names only tables and groups that there are', async () => {
    const {seed, store} = await demo()
    const groups = seed.groups.map(({name}) => name)
    expect(
      seed.grants.filter(({group, tableId}) => !groups.includes(group) || !store.byId(tableId)),
    ).toEqual([])
    expect(
      seed.users.flatMap((user) => user.groups).filter((group) => !groups.includes(group)),
    ).toEqual([])
    expect(grantedTo(seed, 'payroll')).toEqual(['Finance'])
    expect(seed.users.find(({email}) => email === seed.analyst)?.groups).toEqual(['Sales'])
    expect(seed.notes.map(({status}) => status).sort()).toEqual([
      'approved',
      'approved',
      'mandatory',
      'mandatory',
    ])
  })

  it('answers every metric, and the numbers agree with each other', async () => {
    const {seed, store} = await demo()
    const engine = createQueryEngine({warehouse, store, clock: new FakeClock()})
    const ask = (sql: string) => engine.query(sql, {limit: 1000, allowed: new Set(), isAdmin: true})
    for (const metric of seed.metrics) {
      for (const [key, sql] of Object.entries(metric).filter(([name]) => /^sql/.test(name)))
        expect(
          (await ask(String(sql))).rows.length,
          `${String(metric.name)}.${key}`,
        ).toBeGreaterThan(0)
    }
    const orphans = `SELECT
      (SELECT count(*) FROM orders WHERE customer_id NOT IN (SELECT customer_id FROM customers)),
      (SELECT count(*) FROM order_items WHERE order_id NOT IN (SELECT order_id FROM orders)),
      (SELECT count(*) FROM orders WHERE order_id NOT IN (SELECT order_id FROM order_items)),
      (SELECT count(*) FROM order_items WHERE unit_price <= 0)`
    expect((await ask(orphans)).rows).toEqual([[0n, 0n, 0n, 0n]])
    const difference = await ask(`SELECT
      (SELECT sum(net_revenue) FROM monthly_revenue) - (SELECT sum(quantity * unit_price)
        FROM order_items JOIN orders USING (order_id) WHERE status NOT IN ('refunded', 'cancelled'))`)
    expect(difference.rows).toEqual([[0n]])
    await engine.close()
  })

  it('is small at scale 1', async () => {
    const {store} = await demo({scale: 1})
    const pulled = store
      .tables()
      .filter(({queryMode, serverOnly}) => queryMode !== 'remote' && !serverOnly)
    const bytes = pulled.reduce((sum, {sizeBytes}) => sum + (sizeBytes ?? 0), 0)
    expect(bytes).toBeGreaterThan(200_000)
    expect(bytes).toBeLessThan(20_000_000)
    expect(store.byName('web_sessions')).toMatchObject({rows: 300_000, partitionBy: 'event_date'})
  })
})

const grantedTo = ({grants}: DemoSeed, tableId: string) =>
  grants.filter((grant) => grant.tableId === tableId).map(({group}) => group)

it('bench data has the tables and bytes asked for, and files that differ', async () => {
  const dir = await tempDir()
  const files = new NodeFiles(dir, systemRandom)
  await createBenchData({tables: 20, totalBytes: 8_000_000}, {files, warehouse})
  const names = await files.list('')
  expect(names).toHaveLength(20)
  const contents = await Promise.all(names.map((name) => readFile(join(dir, name))))
  const bytes = contents.reduce((sum, {length}) => sum + length, 0)
  expect(bytes / 8_000_000).toBeGreaterThan(0.9)
  expect(bytes / 8_000_000).toBeLessThan(1.15)
  const md5s = contents.map((content) => createHash('md5').update(content).digest('hex'))
  expect(new Set(md5s).size).toBe(20)
})
