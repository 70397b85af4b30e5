import {describe, expect, it} from 'vitest'
import {
  readAuditEntry,
  readGrant,
  readGroup,
  readMember,
  readRegistry,
  readResourceType,
  readRows,
  readUser,
} from '../../../src/lib/wire/admin.js'
import {recorded, recordedVersions} from '../../support/recorded.js'

describe.each(recordedVersions)('the recorded answers of %s', (version) => {
  const body = (label: string): unknown => {
    const found = recorded(version).find((exchange) => exchange.label === label)
    return JSON.parse(found?.response.body.text ?? 'null')
  }

  it('read as rows with nothing invented', () => {
    const users = readRows(body('admin: list users'), readUser)
    expect(users).toHaveLength(3)
    expect(users.find(({email}) => email === 'admin@example.com')).toMatchObject({
      isAdmin: true,
      isActive: true,
      createdAt: expect.stringMatching(/^2026-11-21T\d\d:\d\d:\d\d\.\d{3}Z$/),
    })
    const groups = readRows(body('admin: list groups'), readGroup)
    expect(groups.map(({name, isSystem}) => [name, isSystem])).toEqual([
      ['Admin', true],
      ['Everyone', true],
      ['analysts', false],
    ])
    const [grant] = readRows(body('admin: list grants of group'), readGrant)
    expect(grant?.requirement).toBe(version === 'v0.48.0' ? null : 'required')
    expect(readRows(body('admin: list members'), readMember)[0]).toMatchObject({source: 'admin'})
    const types = readRows(body('admin: resource types'), readResourceType)
    expect(types.map(({key}) => key)).toContain('table')
    const tables = readRegistry(body('admin: registry'))
    expect(tables.find(({id}) => id === 'movies')).toMatchObject({
      name: 'movies',
      sourceType: 'local',
      settings: {source_table: 'movies', sync_strategy: 'full_refresh'},
    })
  })
})

describe('rows of a server', () => {
  it('are refused where they are none', () => {
    for (const body of [null, {}, 'x', [1], [{}], [{id: 'g1'}]])
      expect(() => readRows(body, readGroup)).toThrow(
        expect.objectContaining({code: 'unreadable_answer'}),
      )
  })

  it.each([
    ['2026-11-21 05:11:03.846826', '2026-11-21T05:11:03.846Z'],
    ['2026-11-21T05:11:03+00:00', '2026-11-21T05:11:03.000Z'],
    ['2026-11-21T05:11:03+02:00', '2026-11-21T03:11:03.000Z'],
    ['2026-11-21T05:11:03Z', '2026-11-21T05:11:03.000Z'],
    ['yesterday', null],
  ])('tell the time %s as %s', (sent, expected) => {
    expect(readGroup({id: 'g', name: 'g', created_at: sent})?.createdAt).toBe(expected)
  })

  it('of the audit are read in the words of either generation', () => {
    expect(
      readAuditEntry({
        at: '2026-01-31T12:00:00',
        email: 'a@x',
        method: 'POST',
        path: '/p',
        status: 201,
      }),
    ).toMatchObject({action: 'POST /p', user: 'a@x', result: '201'})
    expect(
      readAuditEntry({timestamp: '2026-01-31T12:00:00', user_id: 'u1', action: 'grant.create'}),
    ).toMatchObject({action: 'grant.create', user: 'u1', result: null})
  })
})
