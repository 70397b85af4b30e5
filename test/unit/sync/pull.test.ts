import {copyFile, mkdir, rename, rm, stat, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {
  AuthError,
  ConflictError,
  MissingError,
  TooLargeError,
  UnreachableError,
} from '../../../src/lib/errors.js'
import {snapshotTree} from '../../support/snapshot-tree.js'
import {status} from '../../support/server-faults.js'
import {flatRow, md5, parquet, pullWorld} from './pull-world.js'

describe('pull', () => {
  it('brings the tables and their views, and then has nothing to do', async () => {
    const {publish, run, sum, used, server, files} = await pullWorld()
    publish({
      a: await parquet(3),
      b: {'m=1/x.parquet': await parquet(4), 'm=2/x.parquet': await parquet(5)},
    })
    const first = await run()
    expect(first).toMatchObject({ok: true, isUpToDate: false, kept: [], failed: []})
    expect(first.downloaded.map(({table, reason}) => [table, reason])).toEqual([
      ['a', 'new'],
      ['b', 'new'],
    ])
    expect([await sum('a'), await sum('b')]).toEqual([6, 25])
    const before = server.requests.length
    const second = await run()
    expect(second).toMatchObject({ok: true, isUpToDate: true, kept: ['a', 'b'], downloaded: []})
    expect(server.requests.length - before).toBe(2)
    expect(used).toEqual({engine: 1, fetcher: 1})
    expect(await files.list('.claude/agnes/partials')).toEqual([])
  })

  it('sends the ETag of a complete pull and takes 304 for nothing changed', async () => {
    const {publish, run, server, root, read} = await pullWorld()
    const a = await parquet(3)
    publish({a, later: {query_mode: 'remote', hash: ''}}, {}, {etag: '"v1"'})
    await run()
    const second = await run()
    expect(server.requestsTo('/api/sync/manifest').at(-1)!.headers['if-none-match']).toBe('"v1"')
    expect(second).toMatchObject({isUpToDate: true, kept: ['a'], remote: ['later']})
    await writeFile(join(root, 'server/parquet/a.parquet'), 'broken')
    expect((await run()).downloaded).toMatchObject([{table: 'a', reason: 'damaged'}])
    expect(await read('server/parquet/a.parquet')).toEqual(a)
  })

  it('replaces what changed, and only the parts that changed', async () => {
    const {publish, run, sum, server} = await pullWorld()
    const x = await parquet(4)
    publish({b: {'m=1/x.parquet': x, 'm=2/x.parquet': await parquet(5)}})
    await run()
    publish({b: {'m=1/x.parquet': x, 'm=3/x.parquet': await parquet(6)}})
    const before = server.requestsTo('/api/data/b/download').length
    await run()
    expect(server.requestsTo('/api/data/b/download').length - before).toBe(1)
    expect(await sum('b')).toBe(31)
  })

  it.each([
    ['killed', (write: number, moment: number) => write >= moment],
    ['refused by the disk once', (write: number, moment: number) => write === moment],
  ])('is %s at any write, and every table is as the state describes it', async (_how, fails) => {
    const world = await pullWorld()
    const parts = async (factor: number) => ({'a.parquet': await parquet(5, factor)})
    const publish = async (version: number) =>
      world.publish({
        flat: await parquet(3, version),
        moved: version % 2 === 0 ? await parquet(4, version) : await parts(version),
        parted: await parts(version + 1000),
      })
    await publish(1)
    await world.run()
    for (let moment = 1, isWhole = false; !isWhole; moment++) {
      await publish(moment + 1)
      let writes = 0
      const die = () => {
        if (fails(++writes, moment)) throw new Error('killed')
      }
      const faults = {beforeWrite: die, beforeRename: die}
      const files = new NodeFiles(world.root, systemRandom, faults)
      const result = await world.run({}, {files}).catch(() => undefined)
      isWhole = writes < moment
      if (isWhole) expect(result?.ok).toBe(true)
      for (const {name, files: listed} of (await world.state()).tables.values())
        for (const {path, md5: hash} of listed)
          expect([moment, name, path, md5(await world.read(path))]).toEqual([
            ...[moment, name, path],
            hash,
          ])
      expect((await world.run()).ok).toBe(true)
      expect(await world.files.list('.claude/agnes/partials')).toEqual([])
    }
  })

  it('changes the layout and leaves nothing of the old one', async () => {
    const {publish, run, sum, here} = await pullWorld()
    publish({t: await parquet(3)})
    await run()
    publish({t: {'p.parquet': await parquet(4)}})
    await run()
    expect([here('server/parquet/t.parquet'), await sum('t')]).toEqual([false, 10])
    publish({t: await parquet(5)})
    await run()
    expect([here('server/parquet/t'), await sum('t')]).toEqual([false, 15])
  })

  it('removes what is not granted any more: file, state, view, and blocks the name', async () => {
    const {publish, run, here, state, sum} = await pullWorld()
    const a = await parquet(3)
    publish({a, b: await parquet(4)})
    await run()
    publish({b: await parquet(4)})
    const result = await run()
    expect(result.pruned).toEqual([{table: 'a', reason: 'revoked'}])
    expect([here('server/parquet/a.parquet'), (await state()).blockedNames]).toEqual([false, ['a']])
    await expect(sum('a')).rejects.toThrow()
    publish({a, b: await parquet(4)})
    await run()
    expect([(await state()).blockedNames, await sum('a')]).toEqual([[], 6])
  })

  it.each([
    ['a 401', {status: 401, body: {detail: 'Token revoked'}}, AuthError],
    [
      'HTML',
      {status: 200, headers: {'content-type': 'text/html'}, body: '<html>'},
      UnreachableError,
    ],
    ['another JSON', {status: 200, body: {detail: 'hello'}}, UnreachableError],
  ])('prunes nothing after %s, and says so', async (_, answer, kind) => {
    const {publish, run, server, here, state} = await pullWorld()
    publish({a: await parquet(3)})
    await run()
    server.on('GET', '/api/sync/manifest', () => answer)
    await expect(run()).rejects.toThrow(kind)
    expect(here('server/parquet/a.parquet')).toBe(true)
    expect((await state()).lastAttempt?.exitCode).not.toBe(0)
  })

  it('asks a busy server again, twice', async () => {
    const {publish, run, server} = await pullWorld()
    publish({a: await parquet(3)})
    const route = server.json('/api/sync/manifest', {tables: {}})
    route.faults(status(503, {retryAfter: 0}).times(2))
    expect((await run()).ok).toBe(true)
    expect(route.asked).toBe(3)
  })

  it('goes on with the other tables when one fails, and retries that one next time', async () => {
    const {publish, run, server} = await pullWorld()
    const a = await parquet(3)
    publish({a, b: await parquet(4)}, {}, {etag: '"v1"'})
    server.on('GET', '/api/data/b/download', () => ({
      status: 403,
      body: {detail: 'Access denied to this table'},
    }))
    const result = await run()
    expect(result).toMatchObject({ok: false, failed: [{table: 'b', code: 'forbidden'}]})
    expect(result.downloaded.map(({table}) => table)).toEqual(['a'])
    publish({a, b: await parquet(4)}, {}, {etag: '"v1"'})
    expect(await run()).toMatchObject({ok: true, downloaded: [{table: 'b'}], kept: ['a']})
  })

  it('keeps the old table when a part of the new one fails', async () => {
    const {publish, run, server, sum} = await pullWorld()
    publish({t: {'p.parquet': await parquet(3), 'q.parquet': await parquet(4)}})
    await run()
    publish({t: {'p.parquet': await parquet(5), 'q.parquet': await parquet(6)}})
    const good = await parquet(5)
    server.on('GET', '/api/data/t/download', ({query}) =>
      query.get('part') === 'p.parquet'
        ? {status: 200, body: good}
        : {status: 200, body: Buffer.from('rot')},
    )
    expect(await run()).toMatchObject({ok: false, failed: [{table: 't', code: expect.any(String)}]})
    expect(await sum('t')).toBe(16)
  })

  it('stops at once when the token is refused in the middle', async () => {
    const {publish, run, server, state} = await pullWorld()
    publish({a: await parquet(300), b: await parquet(3)})
    server.on('GET', '/api/data/b/download', () => ({status: 401, body: {detail: 'Token revoked'}}))
    await expect(run({parallelism: 1})).rejects.toThrow(AuthError)
    expect([...(await state()).tables.keys()]).toEqual(['a'])
  })

  it('asks for the list again when bytes are newer than it, and takes them if they fit', async () => {
    const {publish, run, server, sum, state} = await pullWorld()
    const [old, fresh] = [await parquet(3), await parquet(7)]
    publish({a: fresh})
    const answers = [{a: flatRow(old)}, {a: flatRow(fresh)}]
    server.on('GET', '/api/sync/manifest', () => ({status: 200, body: {tables: answers.shift()}}))
    expect((await run()).ok).toBe(true)
    expect([await sum('a'), (await state()).tables.get('a')?.hash]).toEqual([28, md5(fresh)])
  })

  it('keeps the manifest hash of a part that came with other bytes by its own word', async () => {
    const {publish, run, server} = await pullWorld()
    const fresh = await parquet(7)
    publish({t: {'p.parquet': await parquet(3)}})
    server.on('GET', '/api/data/t/download', () => ({
      ...{status: 200, headers: {'x-agnes-content-md5': md5(fresh)}, body: fresh},
    }))
    expect((await run()).ok).toBe(true)
    expect((await run()).isUpToDate).toBe(true)
    expect((await run({isVerify: true})).isUpToDate).toBe(true)
  })

  it('takes over right files that nobody noted, without a download', async () => {
    const {publish, run, root, server} = await pullWorld()
    publish({a: await parquet(3), b: {'p.parquet': await parquet(4)}})
    await run()
    await rm(join(root, '.claude/agnes/sync_state.json'))
    const before = server.requests.length
    expect((await run()).adopted.map(({table}) => table)).toEqual(['a', 'b'])
    expect(server.requests.length - before).toBe(2)
  })

  it('hashes a file that was touched, and fetches one that was altered only with --verify or another time', async () => {
    const {publish, run, root} = await pullWorld()
    publish({a: await parquet(3)})
    await run()
    const file = join(root, 'server/parquet/a.parquet')
    const {mtime} = await stat(file)
    await utimes(file, 1, 1)
    expect((await run()).adopted).toHaveLength(1)
    await writeFile(file, Buffer.alloc((await stat(file)).size, 1))
    await utimes(file, 1, 1)
    expect((await run()).isUpToDate).toBe(true)
    expect((await run({isVerify: true})).downloaded).toMatchObject([{reason: 'damaged'}])
    expect(mtime).toBeDefined()
  })

  it('touches nothing for a plan, and says what it would do', async () => {
    const {publish, run, root} = await pullWorld()
    publish({a: await parquet(3), b: await parquet(4)})
    await run()
    const changed = await parquet(9)
    publish(
      {a: changed, c: await parquet(5)},
      {},
      {notes: {mandatory: [{id: 'x', title: 'X', content: 'y'}], approved: []}},
    )
    await rename(join(root, 'server/parquet/a.parquet'), join(root, 'server/parquet/aa'))
    await copyFile(join(root, 'server/parquet/aa'), join(root, 'server/parquet/a.parquet'))
    const before = await snapshotTree(root)
    const plan = await run({isPlanOnly: true})
    expect(await snapshotTree(root)).toEqual(before)
    expect(plan.downloaded.map(({table}) => table)).toEqual(['a', 'c'])
    expect(plan).toMatchObject({
      isPlanOnly: true,
      pruned: [{table: 'b'}],
      notes: {written: ['km_x.md']},
    })
    expect(plan.bytes).toMatchObject({downloaded: 0, free: expect.any(Number)})
  })

  it('refuses before the first byte when the disk has too little room, with the numbers', async () => {
    const {publish, run, server, root, here} = await pullWorld()
    publish({a: {...flatRow(await parquet(3)), size_bytes: 1e15}})
    const files = Object.assign(new NodeFiles(root, systemRandom), {freeBytes: async () => 5e9})
    const refusal = await run({}, {files}).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(TooLargeError)
    expect(refusal).toMatchObject({code: 'disk_full', details: {freeBytes: 5e9}})
    expect(server.requestsTo('/api/data/a/download')).toEqual([])
    expect(here('server/parquet')).toBe(false)
  })

  it('counts what an interrupted run has on disk already', async () => {
    const {publish, run, root} = await pullWorld()
    const a = await parquet(3)
    publish({a})
    await mkdir(join(root, '.claude/agnes/partials'), {recursive: true})
    const journal = JSON.stringify({
      format: 1,
      sizeBytes: a.length,
      etag: null,
      done: [[0, a.length]],
    })
    await writeFile(join(root, `.claude/agnes/partials/${md5(a)}.json`), journal)
    const files = Object.assign(new NodeFiles(root, systemRandom), {
      freeBytes: async () => 8 * 2 ** 20,
    })
    expect((await run({}, {files})).ok).toBe(true)
  })

  it('refuses to prune the tables of one server by the list of another', async () => {
    const one = await pullWorld()
    const two = await pullWorld()
    one.publish({a: await parquet(3)})
    two.publish({})
    await one.run()
    await expect(one.run({}, {http: two.deps.http})).rejects.toThrow(ConflictError)
    expect(one.here('server/parquet/a.parquet')).toBe(true)
    const moved = await one.run({allowsServerChange: true}, {http: two.deps.http})
    expect(moved.pruned).toEqual([{table: 'a', reason: 'revoked'}])
  })

  it('goes by the marker where the reference client noted no server', async () => {
    const {publish, run, files} = await pullWorld()
    publish({})
    const tables = {a: {hash: 'x', rows: 1, size_bytes: 1}}
    await files.writeAtomic('.claude/agnes/sync_state.json', JSON.stringify({tables}))
    await files.writeAtomic('.claude/init-complete', 'server_url: https://other.example.com/')
    await expect(run()).rejects.toThrow(ConflictError)
  })

  it('fetches only what is named, and prunes nothing then', async () => {
    const {publish, run, here} = await pullWorld()
    publish({old: await parquet(2)})
    await run()
    publish({a: await parquet(3), b: await parquet(4)})
    expect((await run({tables: ['b']})).downloaded.map(({table}) => table)).toEqual(['b'])
    expect([here('server/parquet/old.parquet'), here('server/parquet/a.parquet')]).toEqual([
      true,
      false,
    ])
    await expect(run({tables: ['nope']})).rejects.toThrow(MissingError)
  })

  it('registers the views anew when the workspace was moved', async () => {
    const {publish, run, root, deps} = await pullWorld()
    publish({a: await parquet(3)})
    await run()
    const moved = `${root}-moved`
    await rename(root, moved)
    const files = new NodeFiles(moved, systemRandom)
    onTestFinished(() => rm(moved, {recursive: true}))
    const lock = new FileLock(join(moved, workspacePaths.pullLock), systemClock)
    const result = await run({}, {files, lock, fetcher: deps.fetcher})
    expect([result.isUpToDate, result.catalog.registered]).toEqual([true, ['a']])
  })
})
