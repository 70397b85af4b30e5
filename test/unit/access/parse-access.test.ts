import {describe, expect, it} from 'vitest'
import {parseAccess} from '../../../src/lib/access/parse-access.js'
import {UsageError} from '../../../src/lib/errors.js'

function problemsIn(text: string): string[] {
  try {
    parseAccess(text, 'access.yaml')
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    expect(error.code).toBe('invalid_access_file')
    const {problems} = error.details as {problems: {line: number; message: string}[]}
    return problems.map(({line, message}) => `${line}: ${message}`)
  }
  return []
}

describe('a file of access', () => {
  it('keeps sections that are not there apart from empty ones', () => {
    expect(parseAccess('users:\ngroups: {}\n', 'f')).toEqual({
      ...{users: [], groups: [], tables: null, grants: null, metrics: null},
    })
    expect(parseAccess('', 'f')).toMatchObject({users: null, groups: null})
  })

  it('reads names as they are written, whatever YAML would make of them', () => {
    const text =
      'groups:\n  no: {members: [a@b]}\n  007:\ngrants:\n  1e3:\n    table: [2024, true, {id: x, requirement: required}]\n'
    const {groups, grants} = parseAccess(text, 'f')
    expect(groups?.map(({name}) => name)).toEqual(['no', '007'])
    expect(grants?.map(({group, resourceId}) => [group, resourceId])).toEqual([
      ...[
        ['1e3', '2024'],
        ['1e3', 'true'],
        ['1e3', 'x'],
      ],
    ])
    expect(grants?.[2]?.requirement).toBe('required')
  })

  it('keeps absent fields apart from cleared ones', () => {
    const {groups, tables} = parseAccess(
      'groups: {a: {description: null}, b: {}}\ntables: {t: {bucket: }}',
      'f',
    )
    expect(groups).toMatchObject([
      {description: null, members: null},
      {description: undefined, members: null},
    ])
    expect(tables?.[0]?.fields).toEqual({bucket: null})
  })

  it.each<[string, string, string[]]>([
    ['an unknown section', 'user: {}\n', ['1: the file has no key user; did you mean users?']],
    [
      'an unknown key',
      'groups:\n  a:\n    member: [x@y]\n',
      ['3: group a has no key member; did you mean members?'],
    ],
    [
      'a key that is nowhere near',
      'zzz: 1',
      ['1: the file has no key zzz; known are version, users, groups, tables, grants, metrics'],
    ],
    ['a key twice', 'users:\n  a@b:\n  a@b:\n', ['3: a@b is in users twice, first on line 2']],
    [
      'a key twice, written differently',
      'groups:\n  1:\n  "1":\n',
      ['3: 1 is in groups twice, first on line 2'],
    ],
    [
      'a member twice',
      'groups:\n  a:\n    members: [a@b, a@b]\n',
      ['3: a@b is in group a twice, first on line 3'],
    ],
    [
      'a grant twice',
      'grants: {a: {table: [t, t]}}',
      ['1: t is in table grants of a twice, first on line 1'],
    ],
    ['no e-mail', 'users:\n  ana:\n', ['2: ana is no e-mail address']],
    ['a list for a mapping', 'users: [a@b]', ['1: users must be a mapping, written "name: …"']],
    [
      'a mapping for a list',
      'groups: {a: {members: {x@y: }}}',
      ['1: members of group a must be a list, written "- …" or "[…]"'],
    ],
    ['a wrong flag', 'users: {a@b: {active: 1}}', ['1: active of user a@b must be true or false']],
    [
      'a wrong number',
      'tables: {t: {max_history_days: soon}}',
      ['1: max_history_days of table t must be a whole number'],
    ],
    [
      'another version',
      'version: 2',
      ['1: version must be 1; a newer release may be able to read this'],
    ],
    [
      'a merge key',
      'a: &a {x: 1}\nusers: {<<: *a}',
      [
        '1: the file has no key a; known are version, users, groups, tables, grants, metrics',
        '2: a key of users must be a text',
      ],
    ],
    [
      'a metric without a category',
      'metrics: {mrr: {sql: x}}',
      ['1: mrr is no metric: write category/name'],
    ],
    [
      'a metric that climbs',
      'metrics: {a/../b: {sql: x}}',
      ['1: a/../b is no metric: write category/name'],
    ],
    [
      'a name with blanks around it',
      'groups: {" a": }',
      ['1: " a" has blanks around it, or cannot be printed'],
    ],
    [
      'a requirement nobody knows',
      'grants: {a: {table: [{id: t, requirement: must}]}}',
      ['1: requirement must be available or required'],
    ],
    [
      'a tag',
      'users: !!js/function x',
      [
        '1: Unresolved tag: tag:yaml.org,2002:js/function',
        '1: users must be a mapping, written "name: …"',
      ],
    ],
  ])('refuses %s', (_, text, problems) => {
    const found = problemsIn(text)
    expect(found.length).toBeGreaterThan(0)
    for (const [index, problem] of found.entries()) expect(problem).toBe(problems[index])
  })

  it('tells everything that is wrong at once, by line', () => {
    const text = 'users:\n  ana:\n  bob@x: {nam: Bob}\ngroup: {}\n'
    expect(problemsIn(text)).toEqual([
      '2: ana is no e-mail address',
      '3: user bob@x has no key nam; did you mean name?',
      '4: the file has no key group; did you mean groups?',
    ])
  })

  it('follows few aliases, and no bomb', () => {
    expect(
      parseAccess('groups: {a: {members: &m [a@b]}, b: {members: *m}}', 'f').groups,
    ).toMatchObject([{members: [{email: 'a@b'}]}, {members: [{email: 'a@b'}]}])
    const levels = Array.from(
      {length: 30},
      (_, index) => `l${index + 1}: &l${index + 1} [${Array(10).fill(`*l${index}`).join()}]`,
    )
    const bomb = `metrics:\n  a/b:\n    sql: x\n    validation:\n      l0: &l0 [x]\n      ${levels.join('\n      ')}\n`
    expect(problemsIn(bomb)[0]).toContain('more than 100 aliases')
    expect(problemsIn('metrics: {a/b: {validation: &v [*v]}}')[0]).toMatch(/aliases|nested|alias/i)
  })

  it('is no place for bytes without end', () => {
    expect(() => parseAccess('#'.repeat(17 * 1024 * 1024), 'f')).toThrow('larger than 16 MiB')
    expect(problemsIn(`users: ${'['.repeat(10_000)}`).length).toBeGreaterThan(0)
  })

  it('never reaches a prototype', () => {
    const text =
      'groups: {__proto__: {members: [a@b]}}\ngrants: {__proto__: {__proto__: [x]}}\nmetrics: {a/b: {sql: x, validation: {__proto__: {p: 1}}}}'
    expect(parseAccess(text, 'f').groups?.[0]?.name).toBe('__proto__')
    expect(({} as {p?: unknown}).p).toBeUndefined()
  })
})
