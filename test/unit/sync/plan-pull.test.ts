import {describe, expect, it} from 'vitest'
import type {PlanInput, PlanItem} from '../../../src/lib/sync/plan-model.js'
import {planPull} from '../../../src/lib/sync/plan-pull.js'
import {factsOf, hashOf, input, installed, manifestOf, row, stateOf} from './plan-fixtures.js'

const path = (name: string) => `server/parquet/${name}.parquet`
const only = (...names: string[]): PlanInput['options'] => ({
  ...{only: new Set(names), isMaterializedSkipped: false, isVerify: false},
})
const one = (given: PlanInput): PlanItem => planPull(given).items[0]!
const kinds = (given: PlanInput) =>
  Object.fromEntries(
    planPull(given).items.map((item) => [
      item.name,
      'reason' in item ? `${item.kind} ${item.reason}` : item.kind,
    ]),
  )

describe('planPull, one table', () => {
  it('downloads what is new', () => {
    const item = one(input({manifest: manifestOf([row('a')]), state: stateOf([])}))
    expect(item).toMatchObject({
      ...{kind: 'download', reason: 'new', bytes: 100, keep: [], removes: []},
      fetches: [{path: path('a'), part: null, hash: hashOf('a'), sizeBytes: 100}],
    })
  })

  it('keeps what is here and unchanged, without hashing', () => {
    const state = stateOf([installed('a')])
    expect(one(input({manifest: manifestOf([row('a')]), state}))).toEqual({kind: 'keep', name: 'a'})
  })

  it('keeps the bytes and takes the facts when only the data time moved', () => {
    const state = stateOf([installed('a')])
    const newer = row('a', {updated: '2026-02-02T00:00:00'})
    expect(one(input({manifest: manifestOf([newer]), state}))).toEqual({
      kind: 'keep',
      name: 'a',
      refresh: newer,
    })
  })

  it('downloads what changed on the server', () => {
    const state = stateOf([installed('a')])
    const manifest = manifestOf([row('a', {hash: hashOf('other')})])
    expect(one(input({manifest, state}))).toMatchObject({kind: 'download', reason: 'changed'})
  })

  it('downloads again what was deleted here', () => {
    const given = {manifest: manifestOf([row('a')]), state: stateOf([installed('a')])}
    expect(one(input({...given, facts: new Map()}))).toMatchObject({
      kind: 'download',
      reason: 'missing',
    })
  })

  it('downloads again what has another size', () => {
    const state = stateOf([installed('a')])
    const facts = new Map([[path('a'), {sizeBytes: 99, mtimeMs: 1000, isDirectory: false}]])
    expect(one(input({manifest: manifestOf([row('a')]), state, facts}))).toMatchObject({
      ...{kind: 'download', reason: 'damaged'},
    })
  })

  it.each([
    ['the right hash', hashOf('a'), 'adopt'],
    ['a wrong hash', hashOf('x'), 'download'],
    ['no file any more', null, 'download'],
  ])('hashes a file whose time moved, then with %s decides', (_, hash, kind) => {
    const state = stateOf([installed('a')])
    const facts = new Map([[path('a'), {sizeBytes: 100, mtimeMs: 2000, isDirectory: false}]])
    const given = input({manifest: manifestOf([row('a')]), state, facts})
    expect(one(given)).toEqual({kind: 'check', name: 'a', paths: [path('a')]})
    expect(one({...given, hashes: new Map([[path('a'), hash]])}).kind).toBe(kind)
  })

  it('takes over a file of the right size that the state does not know, after a hash', () => {
    const facts = new Map([[path('a'), {sizeBytes: 100, mtimeMs: 5, isDirectory: false}]])
    const given = input({manifest: manifestOf([row('a')]), state: stateOf([]), facts})
    expect(one(given).kind).toBe('check')
    expect(one({...given, hashes: new Map([[path('a'), hashOf('a')]])})).toMatchObject({
      kind: 'adopt',
      files: [{path: path('a'), sizeBytes: 100, mtimeMs: 5, md5: hashOf('a')}],
    })
  })

  it('does not hash verified bytes to learn that they are old', () => {
    const state = stateOf([installed('a')])
    const manifest = manifestOf([row('a', {hash: hashOf('other')})])
    expect(one(input({manifest, state})).kind).toBe('download')
  })

  it('hashes every file with --verify', () => {
    const state = stateOf([installed('a')])
    const options = {only: null, isMaterializedSkipped: false, isVerify: true}
    const given = input({manifest: manifestOf([row('a')]), state, options})
    expect(one(given).kind).toBe('check')
    expect(one({...given, hashes: new Map([[path('a'), hashOf('a')]])}).kind).toBe('keep')
    expect(one({...given, hashes: new Map([[path('a'), hashOf('b')]])})).toMatchObject({
      reason: 'damaged',
    })
  })

  it('tells a table without a hash apart by the data time', () => {
    const unknown = {hash: null, updated: '2026-01-01T00:00:00'}
    const state = stateOf([installed('a', {hash: ''})])
    expect(one(input({manifest: manifestOf([row('a', unknown)]), state})).kind).toBe('keep')
    const later = row('a', {...unknown, updated: '2026-01-02T00:00:00'})
    expect(one(input({manifest: manifestOf([later]), state})).kind).toBe('download')
  })

  it.each([
    ['an all-null row', {hash: null, sizeBytes: null, queryMode: 'materialized'}],
    ['a row of size 0 without hash', {hash: null, sizeBytes: 0}],
    ['no parts', {parts: []}],
  ])('skips %s as not built yet, and keeps an earlier copy', (_, over) => {
    const manifest = manifestOf([row('a', over)])
    expect(one(input({manifest, state: stateOf([])}))).toMatchObject({
      kind: 'skip',
      reason: 'not_materialized',
    })
    expect(one(input({manifest, state: stateOf([installed('a')])})).kind).toBe('keep')
  })

  it.each([
    [
      'flat to parts',
      null,
      [{path: 'p.parquet', hash: hashOf('p'), sizeBytes: 5}],
      'server/parquet/a.parquet',
    ],
    ['parts to flat', true, null, 'server/parquet/a'],
  ])('removes the other layout when a table goes from %s', (_, wasParts, parts, gone) => {
    const before = wasParts
      ? installed('a', {
          isPartitioned: true,
          files: [{path: 'server/parquet/a/p.parquet', sizeBytes: 5, mtimeMs: 1, md5: hashOf('p')}],
        })
      : installed('a')
    const given = input({
      manifest: manifestOf([row('a', {parts, hash: hashOf('n')})]),
      state: stateOf([before]),
    })
    expect(one(given)).toMatchObject({kind: 'download', removes: [gone]})
  })
})

describe('planPull, partitioned tables', () => {
  const part = (name: string, text = name) => ({path: name, hash: hashOf(text), sizeBytes: 10})
  const file = (name: string, text = name) => ({
    ...{path: `server/parquet/t/${name}`, sizeBytes: 10, mtimeMs: 1, md5: hashOf(text)},
  })
  const before = installed('t', {
    ...{hash: hashOf('old'), isPartitioned: true},
    files: [file('m=1/a.parquet'), file('m=2/a.parquet')],
  })

  it('fetches the parts that changed, keeps the others and drops what is gone', () => {
    const parts = [part('m=2/a.parquet', 'changed'), part('m=3/a.parquet')]
    const manifest = manifestOf([row('t', {hash: hashOf('new'), parts})])
    expect(one(input({manifest, state: stateOf([before])}))).toMatchObject({
      ...{kind: 'download', keep: [], bytes: 20, removes: ['server/parquet/t/m=1']},
      fetches: [{part: 'm=2/a.parquet'}, {part: 'm=3/a.parquet'}],
    })
    const same = manifestOf([
      row('t', {hash: hashOf('new'), parts: [part('m=1/a.parquet'), ...parts]}),
    ])
    expect(one(input({manifest: same, state: stateOf([before])}))).toMatchObject({
      keep: [file('m=1/a.parquet')],
    })
  })

  it('takes a shorter list of parts without a byte', () => {
    const manifest = manifestOf([row('t', {hash: hashOf('new'), parts: [part('m=1/a.parquet')]})])
    expect(one(input({manifest, state: stateOf([before])}))).toMatchObject({
      ...{kind: 'adopt', files: [file('m=1/a.parquet')], removes: ['server/parquet/t/m=2']},
    })
  })

  it('compares with what the manifest said, where the server sent other bytes by its own word', () => {
    const odd = {...file('m=1/a.parquet', 'sent'), listedHash: hashOf('listed')}
    const state = stateOf([installed('t', {hash: hashOf('r'), isPartitioned: true, files: [odd]})])
    const parts = [{path: 'm=1/a.parquet', hash: hashOf('listed'), sizeBytes: 999}]
    expect(
      one(input({manifest: manifestOf([row('t', {hash: hashOf('r'), parts})]), state})).kind,
    ).toBe('keep')
  })
})

describe('planPull, what is withheld', () => {
  const state = stateOf([installed('a'), installed('b')])

  it('prunes what the server no longer lists, and only that', () => {
    expect(kinds(input({manifest: manifestOf([row('a')]), state}))).toEqual({
      a: 'keep',
      b: 'prune revoked',
    })
  })

  it('prunes everything of ours when the server lists nothing', () => {
    expect(kinds(input({manifest: manifestOf([]), state}))).toEqual({
      a: 'prune revoked',
      b: 'prune revoked',
    })
  })

  it('prunes a copy whose table became server_only or remote', () => {
    const rows = [
      row('a', {isServerOnly: true}),
      row('b', {queryMode: 'remote'}),
      row('c', {isServerOnly: true}),
      row('d', {queryMode: 'remote'}),
    ]
    expect(kinds(input({manifest: manifestOf(rows), state}))).toEqual({
      ...{a: 'prune server_only', b: 'prune remote', c: 'skip server_only', d: 'remote'},
    })
  })

  it('treats a mode it has never heard of as remote', () => {
    const rows = [row('a'), row('b'), row('c', {queryMode: 'hologram'})]
    expect(kinds(input({manifest: manifestOf(rows), state}))).toMatchObject({c: 'remote'})
  })

  it('follows the packages where there are any', () => {
    const manifest = manifestOf([row('a'), row('b'), row('c')], {authorised: new Set(['a'])})
    expect(kinds(input({manifest, state}))).toEqual({
      ...{a: 'keep', b: 'prune not_in_packages', c: 'skip not_in_packages'},
    })
  })

  it('prunes nothing and fetches nothing new when packages are empty beside a full list', () => {
    const rows = [row('a', {hash: hashOf('z')}), row('c'), row('d')]
    const manifest = manifestOf(rows, {authorised: new Set()})
    const plan = planPull(input({manifest, state}))
    expect(plan.isGuarded).toBe(true)
    expect(kinds(input({manifest, state}))).toEqual({
      ...{a: 'download changed', b: 'keep', c: 'skip guarded', d: 'skip guarded'},
    })
    expect(kinds(input({manifest, state, options: only('c')}))).toMatchObject({
      c: 'download new',
      b: 'keep',
    })
  })

  it('prunes by empty packages when the list is empty too', () => {
    const manifest = manifestOf([], {authorised: new Set()})
    expect(kinds(input({manifest, state}))).toEqual({a: 'prune revoked', b: 'prune revoked'})
  })

  it('restricts itself to the tables named, and prunes nothing else', () => {
    const rows = [row('a', {hash: hashOf('z')}), row('c', {hash: hashOf('y')})]
    expect(kinds(input({manifest: manifestOf(rows), state, options: only('c')}))).toEqual({
      ...{a: 'keep', b: 'keep', c: 'download new'},
    })
  })

  it('leaves computed tables alone with --skip-materialize', () => {
    const options = {only: null, isMaterializedSkipped: true, isVerify: false}
    const rows = [row('a', {queryMode: 'materialized', hash: hashOf('z')}), row('b')]
    expect(
      kinds(input({manifest: manifestOf(rows), state, options, facts: factsOf(state)})),
    ).toEqual({
      ...{a: 'skip skipped_materialized', b: 'keep'},
    })
  })
})
