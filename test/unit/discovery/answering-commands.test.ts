import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {answeringCommands} from '../../../src/lib/discovery/answering-commands.js'
import type {LocalTable} from '../../../src/lib/discovery/local-table.js'
import {words} from '../../docs/printed-commands.js'

const HERE: LocalTable = {
  state: 'ok',
  rows: 1,
  sizeBytes: 1,
  parts: null,
  installedAt: '2026-01-31T09:00:00Z',
  dataUpdatedAt: null,
}
const table = {
  id: 't',
  name: 't',
  queryMode: 'local',
  serverOnly: false,
  local: null,
  notLocalBecause: null,
}

describe('the commands that answer', () => {
  it.each([
    ['a pulled table', {local: HERE}, ['agnes query "FROM t LIMIT 10"']],
    [
      'a pulled table the server keeps for itself now',
      {local: HERE, serverOnly: true},
      ['agnes query "FROM t LIMIT 10"'],
    ],
    ['a name with a space', {local: HERE, name: 'a b'}, [`agnes query 'FROM "a b" LIMIT 10'`]],
    ['a table to pull', {}, ['agnes pull --table t']],
    ['a materialized table', {queryMode: 'materialized'}, ['agnes pull --table t']],
    [
      'a remote table',
      {queryMode: 'remote'},
      ['agnes snapshot create t --estimate', 'agnes query --remote "SELECT count(*) FROM t"'],
    ],
    [
      'an internal table',
      {queryMode: 'internal'},
      ['agnes query --remote "SELECT count(*) FROM t"'],
    ],
    [
      'a table that stays there',
      {serverOnly: true},
      ['agnes query --remote "SELECT count(*) FROM t"'],
    ],
    [
      'a table in none of the packages',
      {notLocalBecause: 'not_in_packages' as const},
      ['agnes query --remote "SELECT count(*) FROM t"'],
    ],
  ])('of %s', (_what, facts, commands) => {
    expect(answeringCommands({...table, ...facts})).toEqual(commands)
  })

  it('never let a name of the server become something else in a shell', () => {
    const modes = fc.constantFrom('local', 'remote', 'materialized', 'internal')
    fc.assert(
      fc.property(fc.string(), fc.string(), modes, (id, name, queryMode) => {
        for (const command of answeringCommands({...table, id, name, queryMode})) {
          const plain = words(command).join(' ')
          expect(plain).not.toMatch(/[$`\\;&|<>!\n]/)
        }
      }),
    )
  })
})
