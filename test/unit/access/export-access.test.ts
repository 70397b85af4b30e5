import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {parse} from 'yaml'
import type {CurrentAccess} from '../../../src/lib/access/access-model.js'
import {exportAccess} from '../../../src/lib/access/export-access.js'

const empty: CurrentAccess = {
  ...{me: null, users: [], groups: [], members: new Map(), tables: [], grants: [], metrics: []},
} as unknown as CurrentAccess

const withDescription = (name: string, description: string): CurrentAccess => ({
  ...empty,
  groups: [
    {id: 'g1', name, description, isSystem: false, isManagedElsewhere: false},
  ] as unknown as CurrentAccess['groups'],
})
// eslint-disable-next-line no-control-regex -- what nobody would see
const HIDDEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2066-\u2069]/

describe('an export of access', () => {
  it('shows characters that would show nothing, or turn the line round, as escapes', async () => {
    const name = 'fin\u202Eance\u0007'
    const {yaml} = await exportAccess(withDescription(name, 'a\u009B31mb\u200B'), 'http://s')
    expect(yaml).not.toMatch(HIDDEN)
    expect(yaml).toContain('fin\\u202eance')
    const groups = (parse(yaml) as {groups: Record<string, {description: string}>}).groups
    expect(groups[name]?.description).toBe('a\u009B31mb\u200B')
  })

  it('reads back as it was, whatever a text holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({unit: 'binary', minLength: 1}), async (text) => {
        const {yaml} = await exportAccess(withDescription('g', text), 'http://s')
        expect(yaml).not.toMatch(HIDDEN)
        expect((parse(yaml) as any).groups.g.description).toBe(text)
      }),
    )
  })
})
