import {appendFile, rm, truncate, utimes, writeFile, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import {nodeFolders} from '../../../src/lib/adapters/node-folders.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {UnreachableError} from '../../../src/lib/errors.js'
import type {Lock} from '../../../src/lib/ports/lock.js'
import type {ProgressEvent} from '../../../src/lib/ports/progress.js'
import {repairWorkspace, type RepairDeps} from '../../../src/lib/verify/repair-workspace.js'
import {verifyFailure} from '../../../src/lib/verify/verify-failure.js'
import {verifyWorkspace} from '../../../src/lib/verify/verify-workspace.js'
import {onDatabase} from '../../support/engine.js'
import {FakeClock} from '../../support/fake-clock.js'
import {tempWorkspace} from '../../support/temp-workspace.js'

const ORDERS = 'PAR1 orders PAR1'
const freeLock: Lock = {hold: (_options, work) => work()}

async function place(tables: Parameters<typeof tempWorkspace>[0] = {}) {
  const workspace = await tempWorkspace({
    tables: {orders: ORDERS, events: {'m=1/a.parquet': 'one', 'm=2/a.parquet': 'two'}},
    ...tables,
  })
  const deps = {
    files: workspace.files,
    folders: nodeFolders,
    clock: new FakeClock(Date.now()),
    warehouse: async () => new DuckDbWarehouse(),
  }
  const path = (below: string) => join(workspace.root, below)
  const check = (named: string[] = [], onProgress: (event: ProgressEvent) => void = () => {}) =>
    verifyWorkspace(deps, {tables: named, onProgress})
  const repair = async (fetchAgain: RepairDeps['fetchAgain']) =>
    repairWorkspace({...deps, lock: freeLock, fetchAgain}, await check(), AbortSignal.any([]))
  return {...workspace, deps, path, check, repair}
}

const parquet = (name: string) => `${workspacePaths.parquet}/${name}`

describe('verifyWorkspace', () => {
  it('finds nothing wrong in a whole workspace', async () => {
    const {check} = await place()
    const report = await check()
    expect(report).toMatchObject({isWhole: true, problems: [], leftovers: []})
    expect(report.checked).toEqual({tables: 2, files: 3, bytes: ORDERS.length + 6})
    expect(verifyFailure(report)).toBeNull()
  })

  it('finds a bit that flipped although size and time are as they were', async () => {
    const {check, path, files} = await place()
    const before = (await files.stat(parquet('orders.parquet')))!
    await writeFile(path(parquet('orders.parquet')), ORDERS.replace('o', 'p'))
    await utimes(
      path(parquet('orders.parquet')),
      new Date(before.mtimeMs),
      new Date(before.mtimeMs),
    )
    const report = await check()
    expect(report.problems).toEqual([
      {
        table: 'orders',
        path: parquet('orders.parquet'),
        kind: 'changed',
        expectedBytes: ORDERS.length,
        foundBytes: ORDERS.length,
        isRepaired: false,
      },
    ])
    expect(verifyFailure(report)).toMatchObject({exitCode: 10, code: 'corruption_found'})
  })

  it('tells missing, truncated and grown files', async () => {
    const {check, path} = await place()
    await rm(path(parquet('events/m=1/a.parquet')))
    await truncate(path(parquet('events/m=2/a.parquet')), 1)
    await appendFile(path(parquet('orders.parquet')), '!')
    const {problems} = await check()
    expect(problems.map(({table, kind, foundBytes}) => [table, kind, foundBytes]).sort()).toEqual([
      ['events', 'missing', null],
      ['events', 'truncated', 1],
      ['orders', 'changed', ORDERS.length + 1],
    ])
  })

  it('takes a file that is only newer for whole', async () => {
    const {check, path} = await place()
    await utimes(path(parquet('orders.parquet')), new Date(), new Date())
    expect((await check()).isWhole).toBe(true)
  })

  it('checks only named tables, and refuses names it does not know', async () => {
    const {check, path} = await place()
    await rm(path(parquet('orders.parquet')))
    expect((await check(['events'])).isWhole).toBe(true)
    expect((await check(['orders'])).isWhole).toBe(false)
    await expect(check(['orderz'])).rejects.toMatchObject({
      exitCode: 4,
      code: 'table_not_installed',
    })
  })

  it('tells its progress', async () => {
    const events: ProgressEvent[] = []
    const {check} = await place()
    await check([], (event) => void events.push(event))
    expect(events.filter(({kind}) => kind === 'end')).toHaveLength(2)
    expect(events).toContainEqual({kind: 'start', id: 'events', title: 'events', totalBytes: 6})
    expect(events).toContainEqual({kind: 'advance', id: 'events', doneBytes: 6})
  })

  it('stops when it is told to', async () => {
    const {deps} = await place()
    const signal = AbortSignal.abort(new Error('stop'))
    const options = {tables: [], onProgress: () => {}}
    await expect(verifyWorkspace(deps, options, signal)).rejects.toThrow('stop')
  })

  it('lists what nobody owns: old temporary files, finished partials, foreign files', async () => {
    const {check, write, path, files} = await place()
    const [installed] = [await files.md5(parquet('orders.parquet'))]
    const temporary = '.claude/settings.json.0123456789ab.tmp'
    const young = '.claude/agnes/sync_state.json.ba9876543210.tmp'
    await write(temporary, 'x')
    await utimes(path(temporary), new Date(0), new Date(0))
    await write(young, 'x')
    await write('notes.0123456789ab.tmp', "the analyst's own")
    await utimes(path('notes.0123456789ab.tmp'), new Date(0), new Date(0))
    await write(`${workspacePaths.partials}/${installed}.part`, 'abc')
    await write(`${workspacePaths.partials}/${'f'.repeat(32)}.part`, 'abcd')
    await write(parquet('mine.parquet'), 'mine')
    const report = await check()
    expect(report.isWhole).toBe(true)
    expect(report.leftovers.map(({path: where, kind}) => [where, kind])).toEqual([
      [`${workspacePaths.partials}/${installed}.part`, 'orphan'],
      [temporary, 'temporary'],
      [parquet('mine.parquet'), 'unowned'],
    ])
    expect(report.unfinished).toEqual({files: 1, bytes: 4})
  })

  it('says that the record of tables is damaged', async () => {
    const {check, write} = await place()
    await write(workspacePaths.state, '{')
    const report = await check()
    expect(report).toMatchObject({isWhole: false, stateDamage: expect.any(String)})
    expect(report.leftovers.every(({kind}) => kind === 'unowned')).toBe(true)
    expect(verifyFailure(report)).toMatchObject({exitCode: 10})
  })
})

describe('the catalog', () => {
  async function withCatalog(sql: string, views: Record<string, string>) {
    const placed = await place({state: {catalog: {views, behind: null}} as never})
    await placed.files.createFolder('user/duckdb')
    await onDatabase(placed.files.absolute(workspacePaths.catalog), ...sql.split(';'))
    return placed
  }

  it('is whole when each of our views binds', async () => {
    const {check} = await withCatalog('CREATE VIEW "or""ders" AS SELECT 1 AS a', {'or"ders': 'x'})
    expect((await check()).catalog).toEqual({state: 'ok', reason: null, brokenViews: []})
  })

  it('is broken when a view of ours does not bind; others are not looked at', async () => {
    const {check} = await withCatalog(
      'CREATE TABLE gone (a INT);CREATE VIEW orders AS SELECT * FROM gone;CREATE VIEW mine AS SELECT * FROM gone;DROP TABLE gone',
      {orders: 'x', shadow: 'shadowed:x'},
    )
    const report = await check()
    expect(report.catalog).toMatchObject({state: 'broken', brokenViews: [{view: 'orders'}]})
    expect(report.catalog.brokenViews).toHaveLength(1)
    expect(verifyFailure(report)?.exitCode).toBe(10)
  })

  it('is broken when it is no database', async () => {
    const {check, write} = await place()
    await write(workspacePaths.catalog, 'not a database at all'.repeat(1000))
    expect((await check()).catalog.state).toBe('broken')
  })
})

describe('repairWorkspace', () => {
  it('fetches the broken tables again, and them only', async () => {
    const {repair, path} = await place()
    await writeFile(path(parquet('orders.parquet')), 'broken')
    const asked: string[][] = []
    const report = await repair(async (tables) => {
      asked.push([...tables])
      await writeFile(path(parquet('orders.parquet')), ORDERS)
      return {failed: []}
    })
    expect(asked).toEqual([['orders']])
    expect(report).toMatchObject({
      isWhole: true,
      repair: {tables: ['orders'], failed: [], error: null},
    })
    expect(report.problems).toMatchObject([{isRepaired: true}])
    expect(verifyFailure(report)).toBeNull()
  })

  it('keeps the broken file, and says so, when it cannot be fetched', async () => {
    const {repair, path} = await place()
    await writeFile(path(parquet('orders.parquet')), 'broken')
    const report = await repair(async () => {
      throw new UnreachableError('The server is away.', {hint: 'Try later.'})
    })
    expect(report).toMatchObject({isWhole: false, repair: {error: {code: 'unreachable'}}})
    const failure = verifyFailure(report)
    expect(failure).toMatchObject({exitCode: 10, hint: 'Try later.'})
    expect(failure?.message).toContain('The server is away.')
    expect(await readdir(path(workspacePaths.parquet))).toContain('orders.parquet')
  })

  it('tells the table whose download failed', async () => {
    const {repair, path} = await place()
    await rm(path(parquet('orders.parquet')))
    const report = await repair(async () => ({failed: [{table: 'orders', error: 'HTTP 404'}]}))
    expect(verifyFailure(report)?.message).toBe(
      'The table orders is not as it was installed. Fetching again failed: orders: HTTP 404',
    )
  })

  it('removes leftovers of ours and nothing else', async () => {
    const {repair, write, path} = await place()
    const temporary = 'server/parquet/orders.parquet.0123456789ab.tmp'
    await write(temporary, 'x')
    await utimes(path(temporary), new Date(0), new Date(0))
    await write(parquet('mine.parquet'), 'mine')
    const report = await repair(async () => Promise.reject(new Error('nothing to fetch')))
    expect(report.leftovers.map(({kind, isRemoved}) => [kind, isRemoved])).toEqual([
      ['unowned', false],
      ['temporary', true],
    ])
    expect((await readdir(path(workspacePaths.parquet))).sort()).toEqual([
      'events',
      'mine.parquet',
      'orders.parquet',
    ])
    expect(report).toMatchObject({isWhole: true, repair: null})
  })
})
