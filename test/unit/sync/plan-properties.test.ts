import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {FileFacts} from '../../../src/lib/ports/files.js'
import type {PlanInput, PlanItem} from '../../../src/lib/sync/plan-model.js'
import {pathsToStat, planPull} from '../../../src/lib/sync/plan-pull.js'
import type {InstalledTable, SyncState} from '../../../src/lib/sync/state-model.js'
import type {Manifest, ManifestTable} from '../../../src/lib/wire/manifest.js'
import {factsOf, hashOf, installed, manifestOf, row, stateOf} from './plan-fixtures.js'

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const version = fc.constantFrom('1', '2')
const partNames = fc.subarray(['p.parquet', 'q.parquet', 'm=1/r.parquet'])

const rowFor = fc
  .record({
    version,
    mode: fc.constantFrom('local', 'local', 'local', 'materialized', 'remote', 'new_mode'),
    isServerOnly: fc.boolean(),
    isNull: fc.boolean(),
    parts: fc.option(
      fc.array(fc.tuple(fc.constantFrom('p.parquet', 'q.parquet', 'm=1/r.parquet'), version)),
    ),
  })
  .map(
    ({version, mode, isServerOnly, isNull, parts}) =>
      (table: string): ManifestTable =>
        row(table, {
          hash: isNull ? null : hashOf(table + version + JSON.stringify(parts)),
          sizeBytes: isNull ? null : 100,
          queryMode: mode,
          isServerOnly,
          parts:
            parts &&
            [...new Map(parts)]
              .sort()
              .map(([path, v]) => ({path, hash: hashOf(table + path + v), sizeBytes: 10})),
        }),
  )

const tableFor = fc
  .record({version, parts: fc.option(partNames), partVersion: version})
  .map(({version, parts, partVersion}) => (table: string): InstalledTable => {
    if (!parts || parts.length === 0)
      return installed(table, {hash: hashOf(table + version + 'null')})
    const files = parts.map((part) => ({
      ...{path: `server/parquet/${table}/${part}`, sizeBytes: 10, mtimeMs: 1},
      md5: hashOf(table + part + partVersion),
    }))
    return installed(table, {isPartitioned: true, files, hash: hashOf(table + version)})
  })

/** A manifest, a state, and a disk on which files may be missing, touched or cut. */
const world = fc
  .record({
    rows: fc.dictionary(name, rowFor),
    tables: fc.dictionary(name, tableFor),
    authorised: fc.option(fc.subarray(['a', 'b', 'c', 'd', 'e'])),
    only: fc.option(fc.subarray(['a', 'b'], {minLength: 1})),
    isVerify: fc.boolean(),
    isMaterializedSkipped: fc.boolean(),
    harm: fc.dictionary(name, fc.constantFrom('gone', 'touched', 'cut', 'rotten')),
    strays: fc.subarray(['a', 'b', 'c']),
  })
  .map((given) => {
    const rows = Object.entries(given.rows).map(([table, make]) => make(table))
    const state = stateOf(Object.entries(given.tables).map(([table, make]) => make(table)))
    const manifest = manifestOf(rows, {authorised: given.authorised && new Set(given.authorised)})
    const disk = factsOf(state)
    const content = new Map<string, string>()
    for (const table of state.tables.values())
      for (const file of table.files) content.set(file.path, file.md5)
    for (const [table, harm] of Object.entries(given.harm))
      for (const {path} of state.tables.get(table)?.files ?? []) damage(disk, content, {path, harm})
    for (const table of given.strays) {
      const path = `server/parquet/${table}.parquet`
      if (disk.has(path)) continue
      disk.set(path, {sizeBytes: 100, mtimeMs: 7, isDirectory: false})
      content.set(path, manifest.tables.get(table)?.hash ?? 'other')
    }
    const {isVerify, isMaterializedSkipped} = given
    const options = {only: given.only && new Set(given.only), isVerify, isMaterializedSkipped}
    return {manifest, state, disk, content, options}
  })

function damage(
  disk: Map<string, FileFacts>,
  content: Map<string, string>,
  {path, harm}: {path: string; harm: string},
): void {
  const facts = disk.get(path)!
  if (harm === 'gone') disk.delete(path)
  else if (harm === 'cut') disk.set(path, {...facts, sizeBytes: 3})
  else disk.set(path, {...facts, mtimeMs: 99})
  if (harm === 'rotten') content.set(path, 'rot')
}

type World = typeof world extends fc.Arbitrary<infer T> ? T : never

/** Plans as the shell does: answers every check with the hash of what is there. */
function settle({manifest, state, disk, content, options}: World): PlanItem[] {
  const hashes = new Map<string, string | null>()
  const asked = new Set(pathsToStat(manifest, state))
  const facts = new Map([...disk].filter(([path]) => asked.has(path)))
  for (let round = 0; round < 3; round++) {
    const given: PlanInput = {manifest, state, facts, hashes, options}
    const {items} = planPull(given)
    const checks = items.flatMap((item) => (item.kind === 'check' ? item.paths : []))
    if (checks.length === 0) return items
    for (const path of checks) hashes.set(path, disk.has(path) ? content.get(path)! : null)
  }
  throw new Error('the plan asks without end')
}

/** Makes the plan true on the model of the disk. */
function apply(items: PlanItem[], {state, disk, content}: World): void {
  const drop = (path: string) => {
    for (const file of [...disk.keys()])
      if (file === path || file.startsWith(`${path}/`)) disk.delete(file)
  }
  for (const item of items) {
    if (item.kind === 'prune') {
      item.paths.forEach(drop)
      state.tables.delete(item.name)
    }
    if (item.kind === 'keep' && item.refresh)
      set(state, item.refresh, state.tables.get(item.name)!.files)
    if (item.kind === 'adopt') {
      item.removes.forEach(drop)
      set(state, item.table, item.files)
    }
    if (item.kind === 'download') {
      item.removes.forEach(drop)
      const fetched = item.fetches.map(({path, hash, sizeBytes}) => {
        const file = {path, sizeBytes: sizeBytes ?? 100, mtimeMs: 5, md5: hash ?? 'some'}
        disk.set(path, {sizeBytes: file.sizeBytes, mtimeMs: 5, isDirectory: false})
        content.set(path, file.md5)
        return file
      })
      set(state, item.table, [...item.keep, ...fetched])
    }
  }
}

function set(state: SyncState, table: ManifestTable, files: InstalledTable['files']): void {
  const {name, rows, updated, queryMode} = table
  state.tables.set(name, {
    ...{name, rows, updated, queryMode, hash: table.hash ?? '', files, installedAt: ''},
    isPartitioned: table.parts !== null,
    sizeBytes: files.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0),
  })
}

const mayBeHere = (manifest: Manifest, table: string) => manifest.tables.has(table)

describe('planPull, for any manifest, state and disk', () => {
  it('has exactly one action per table, and asks for hashes at most once', () => {
    fc.assert(
      fc.property(world, (given) => {
        const names = settle(given).map((item) => item.name)
        expect(new Set(names).size).toBe(names.length)
        expect(new Set(names)).toEqual(
          new Set([...given.manifest.tables.keys(), ...given.state.tables.keys()]),
        )
      }),
      {numRuns: 500},
    )
  })

  it('has nothing left to do once it is carried out', () => {
    fc.assert(
      fc.property(world, (given) => {
        apply(settle(given), given)
        const again = settle({...given, options: {...given.options, isVerify: false}})
        const busy = again.filter(({kind}) => !['keep', 'skip', 'remote'].includes(kind))
        // What --table or --skip-materialize left out is still as it was.
        expect(busy).toEqual([])
      }),
      {numRuns: 1000},
    )
  })

  it('prunes only what the state says is ours, and nothing when it was told to touch some tables only', () => {
    fc.assert(
      fc.property(world, (given) => {
        const ours = new Set([...given.state.tables.values()].map(({name}) => name))
        for (const item of settle(given)) {
          if (item.kind !== 'prune') continue
          expect(ours.has(item.name)).toBe(true)
          expect(given.options.only?.has(item.name) ?? true).toBe(true)
          for (const path of item.paths)
            expect(path).toMatch(new RegExp(`^server/parquet/${item.name}(/|\\.parquet$|$)`))
        }
      }),
      {numRuns: 500},
    )
  })

  it('leaves nothing installed that the server does not list, unless it was told to', () => {
    fc.assert(
      fc.property(world, (given) => {
        const items = settle(given)
        const {isGuarded} = planPull({...given, facts: new Map(), hashes: new Map()})
        fc.pre(given.options.only === null && !isGuarded)
        apply(items, given)
        for (const table of given.state.tables.keys())
          expect(mayBeHere(given.manifest, table)).toBe(true)
      }),
      {numRuns: 500},
    )
  })
})
