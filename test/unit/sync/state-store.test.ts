import {appendFile, mkdir, readFile, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {encodeTable} from '../../../src/lib/sync/state-document.js'
import type {SwapRecord} from '../../../src/lib/sync/state-journal.js'
import {StateStore} from '../../../src/lib/sync/state-store.js'
import {readSyncState} from '../../../src/lib/sync/sync-state.js'
import {tempDir} from '../../support/temp-dir.js'
import {hashOf, installed} from './plan-fixtures.js'

async function workspace() {
  const root = await tempDir()
  const files = new NodeFiles(root, systemRandom)
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), {recursive: true})
    await writeFile(join(root, path), text)
  }
  const read = (path: string) => readFile(join(root, path), 'utf8').catch(() => null)
  const open = async () => (await StateStore.open(files, 'damaged-now')).store
  return {root, files, write, read, open}
}

const tableRecord = (name: string) =>
  ({op: 'table', name, entry: encodeTable(installed(name))}) as const

const parts = installed('t', {
  isPartitioned: true,
  hash: hashOf('new'),
  files: ['p', 'q'].map((part) => ({
    ...{path: `server/parquet/t/${part}.parquet`, sizeBytes: 3, mtimeMs: 1, md5: hashOf(part)},
  })),
})
const swap: SwapRecord = {
  ...{op: 'swap', name: 't', entry: encodeTable(parts), isBlocked: false},
  renames: [
    ['.claude/agnes/partials/1', 'server/parquet/t/p.parquet'],
    ['.claude/agnes/partials/2', 'server/parquet/t/q.parquet'],
  ],
  removes: ['server/parquet/t.parquet'],
}

describe('the sync state', () => {
  it('comes back as it was written, with the keys of others', async () => {
    const {write, open, files} = await workspace()
    await write(workspacePaths.state, '{"tables": {}, "knowledge_artifacts": {"a": 1}}')
    const store = await open()
    await store.commit(tableRecord('orders'))
    store.state.manifestEtag = '"7"'
    store.state.server = 'http://s'
    await store.close()
    const {state, damage} = await readSyncState(files)
    expect(damage).toBeNull()
    expect(state.tables.get('orders')).toEqual(installed('orders'))
    expect([state.manifestEtag, state.server]).toEqual(['"7"', 'http://s'])
    const document = JSON.parse((await files.readText(workspacePaths.state))!) as Record<
      string,
      any
    >
    expect(document.knowledge_artifacts).toEqual({a: 1})
    expect(document.tables.orders).toMatchObject({hash: hashOf('orders'), rows: 3, size_bytes: 100})
  })

  it('reads what the reference client wrote, trusting no file before it is hashed', async () => {
    const {write, files} = await workspace()
    const tables = {
      orders: {hash: hashOf('o'), rows: 5, size_bytes: 70},
      tickets: {hash: hashOf('t'), rows: 1, size_bytes: 9, parts: {'m=1/d.parquet': hashOf('d')}},
    }
    await write(
      workspacePaths.state,
      JSON.stringify({tables, snapshot_blocked: ['old'], last_sync: 'x'}),
    )
    const {state} = await readSyncState(files)
    expect(state.tables.get('orders')?.files).toEqual([
      {path: 'server/parquet/orders.parquet', sizeBytes: 70, mtimeMs: -1, md5: hashOf('o')},
    ])
    expect(state.tables.get('tickets')?.files[0]?.path).toBe('server/parquet/tickets/m=1/d.parquet')
    expect(state.blockedNames).toEqual(['old'])
  })

  it('knows a table from the journal alone, as after a kill', async () => {
    const {open, files} = await workspace()
    const store = await open()
    await Promise.all([store.commit(tableRecord('a')), store.commit(tableRecord('b'))])
    expect([...(await readSyncState(files)).state.tables.keys()]).toEqual(['a', 'b'])
    expect(await files.readText(workspacePaths.state)).toBeUndefined()
  })

  it('ignores the torn last line of a journal, and writes on after it', async () => {
    const {root, open, files} = await workspace()
    await (await open()).commit(tableRecord('a'))
    await appendFile(join(root, workspacePaths.stateJournal), '{"op":"table","name":"b"')
    expect((await readSyncState(files)).damage).toBeNull()
    const store = await open()
    await store.commit(tableRecord('c'))
    expect([...(await readSyncState(files)).state.tables.keys()]).toEqual(['a', 'c'])
  })

  it('says so when the file is damaged, keeps it aside and starts anew', async () => {
    const {write, read, files} = await workspace()
    await write(workspacePaths.state, '{"tables": {"a":')
    expect((await readSyncState(files)).damage).toContain('sync_state.json')
    const {store, damage} = await StateStore.open(files, 'damaged-now')
    await store.close()
    expect(damage).toContain('sync_state.json')
    expect(await read(`${workspacePaths.state}.damaged-now`)).toBe('{"tables": {"a":')
    expect((await readSyncState(files)).damage).toBeNull()
  })

  it('does not rewrite the file for an attempt that changed nothing', async () => {
    const {open, read, files} = await workspace()
    const store = await open()
    await store.commit({op: 'attempt', at: '2026-01-01T00:00:00Z', exitCode: 0, message: null})
    await store.close()
    expect(await read(workspacePaths.state)).toBeNull()
    expect((await readSyncState(files)).state.lastSuccessAt).toBe('2026-01-01T00:00:00Z')
  })

  it('folds the journal once it has grown', async () => {
    const {open, read} = await workspace()
    const store = await open()
    for (let turn = 0; turn < 70; turn++)
      await store.commit({op: 'attempt', at: '', exitCode: 9, message: 'offline'})
    await store.close()
    expect(await read(workspacePaths.stateJournal)).toBeNull()
    expect(await read(workspacePaths.state)).toContain('offline')
  })
})

describe('a swap', () => {
  async function staged() {
    const given = await workspace()
    await given.write('.claude/agnes/partials/1', 'ppp')
    await given.write('.claude/agnes/partials/2', 'qqq')
    await given.write('server/parquet/t.parquet', 'old')
    return given
  }

  it('moves everything into place and removes the rest', async () => {
    const {open, read} = await staged()
    const store = await open()
    await store.swap(swap)
    await store.close()
    expect(await read('server/parquet/t/q.parquet')).toBe('qqq')
    expect(await read('server/parquet/t.parquet')).toBeNull()
  })

  it.each([0, 1, 2])(
    'is whole for a reader and finished by the next pull after %i renames',
    async (renamed) => {
      const {open, read, files, root, write} = await staged()
      await (await open()).commit(swap)
      for (const [from, to] of swap.renames.slice(0, renamed)) {
        await write(to, (await read(from))!)
        await rm(join(root, from))
      }
      const seen = (await readSyncState(files)).state.tables.get('t')!
      expect(await Promise.all(seen.files.map(({path}) => read(path)))).toEqual(['ppp', 'qqq'])
      const store = await open()
      expect(store.state.tables.get('t')).toEqual(parts)
      expect(await read('server/parquet/t/p.parquet')).toBe('ppp')
      expect(await read('server/parquet/t/q.parquet')).toBe('qqq')
      expect(await read('server/parquet/t.parquet')).toBeNull()
      expect(store.state.catalog.behind).not.toBeNull()
    },
  )

  it('of one file is the old table for a reader until the new one has its place', async () => {
    const {open, read, files, root, write} = await staged()
    const [from, path] = ['.claude/agnes/partials/1', 'server/parquet/t.parquet']
    const one = (text: string) =>
      installed('t', {
        hash: hashOf(text),
        files: [{path, sizeBytes: 3, mtimeMs: 1, md5: hashOf(text)}],
      })
    const seen = async () => (await readSyncState(files)).state.tables.get('t')
    const store = await open()
    await store.commit({op: 'table', name: 't', entry: encodeTable(one('old'))})
    const entry = encodeTable(one('ppp'))
    await store.commit({...swap, entry, renames: [[from, path]], removes: []})
    expect(await seen()).toEqual(one('old'))
    await store.close()
    expect(await seen()).toEqual(one('old'))
    await write(path, (await read(from))!)
    await rm(join(root, from))
    expect(await seen()).toEqual(one('ppp'))
    expect((await open()).state.tables.get('t')).toEqual(one('ppp'))
    expect(await seen()).toEqual(one('ppp'))
  })

  it('that removes a table blocks its name until it is installed again', async () => {
    const {open, read} = await staged()
    const store = await open()
    await store.commit(tableRecord('t'))
    await store.swap({...swap, entry: null, renames: [], isBlocked: true})
    expect([store.state.tables.size, store.state.blockedNames]).toEqual([0, ['t']])
    expect(await read('server/parquet/t.parquet')).toBeNull()
    await store.commit(tableRecord('t'))
    expect(store.state.blockedNames).toEqual([])
  })
})
