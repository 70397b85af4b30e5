import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {mergeHooks, removeHooks, type HookDefinition} from '../../../src/lib/hooks/merge-hooks.js'
import {isOwnEntry} from '../../../src/lib/hooks/own-entry.js'
import {repositoryRoot} from '../../support/run-cli.js'

const definitions = await Promise.all(
  ['session-start', 'session-end'].map(
    async (name) =>
      JSON.parse(
        await readFile(join(repositoryRoot, `hooks/${name}.json`), 'utf8'),
      ) as HookDefinition,
  ),
)
const pull = {hooks: [{type: 'command', command: 'agnes pull --quiet || true'}]}
const push = {hooks: [{type: 'command', command: 'agnes push --quiet || true'}]}

function merge(text: string | undefined): string {
  const merged = mergeHooks(text, definitions)
  if (merged.kind !== 'merged') throw new Error(merged.reason)
  return merged.text
}

describe('mergeHooks', () => {
  it.each([[undefined], [''], [' \n']])('makes a whole file out of %j', (text) => {
    expect(JSON.parse(merge(text))).toEqual({hooks: {SessionStart: [pull], SessionEnd: [push]}})
    expect(merge(text)).toMatch(/^\{\n {2}"hooks": \{\n {4}"SessionStart": \[\n {6}\{\n[^]*\}\n$/)
  })

  it('adds to what is there, in the style of the file', () => {
    const before = [
      '{',
      '\t"permissions": {"allow": ["Read"]},',
      '\t"hooks": {',
      '\t\t"SessionStart": [',
      '\t\t\t{"hooks": [{"type": "command", "command": "make fresh"}]}',
      '\t\t]',
      '\t}',
      '}',
    ].join('\r\n')
    const after = merge(before)
    expect(after).toContain('{"allow": ["Read"]}')
    expect(after).toContain('"command": "make fresh"}]},\r\n\t\t\t{\r\n\t\t\t\t"hooks": [')
    expect(after).toContain('\r\n\t\t"SessionEnd": [\r\n\t\t\t{')
    expect(after.replaceAll('\r\n', '')).not.toContain('\n')
    expect(after.endsWith('}')).toBe(true)
  })

  it('keeps a file of one line on one line', () => {
    expect(merge('{"model":"opus"}')).toBe(
      `{"model":"opus","hooks":${JSON.stringify({SessionStart: [pull], SessionEnd: [push]})}}`,
    )
  })

  it('keeps what JSON.parse would lose: big numbers, number-like keys, escapes, a byte order mark', () => {
    const before = '\uFEFF{"2": 12345678901234567890, "1": 1.50, "a": "\\u00e9", "a": 2}'
    expect(merge(before).startsWith(before.slice(0, -1))).toBe(true)
  })

  it('replaces older entries of ours and of the reference client by one of ours', () => {
    const old = (command: string) => ({matcher: 'startup', hooks: [{type: 'command', command}]})
    const foreign = old('make fresh')
    const before = {
      hooks: {
        SessionStart: [
          old('agnes self-upgrade; agnes pull || true'),
          foreign,
          old('agnes update --quiet'),
        ],
        SessionEnd: [old('agnes capture-session')],
        Stop: [old('say done')],
      },
    }
    expect(JSON.parse(merge(JSON.stringify(before, null, 4)))).toEqual({
      hooks: {SessionStart: [pull, foreign], SessionEnd: [push], Stop: [old('say done')]},
    })
  })

  it('keeps an entry that mixes our command with a foreign one', () => {
    const mixed = {hooks: [...pull.hooks, {type: 'command', command: 'make fresh'}]}
    const merged = JSON.parse(merge(JSON.stringify({hooks: {SessionStart: [mixed]}})))
    expect(merged.hooks.SessionStart).toEqual([mixed, pull])
  })

  it('keeps a timeout the analyst gave to our entry', () => {
    const tuned = {hooks: [{...pull.hooks[0], timeout: 120}]}
    const merged = JSON.parse(merge(JSON.stringify({hooks: {SessionStart: [tuned]}})))
    expect(merged.hooks.SessionStart).toEqual([tuned])
  })

  it.each([
    ['{"hooks": ', 'valid JSON'],
    ['// note\n{}', 'valid JSON'],
    ['[]', 'object'],
    ['"text"', 'object'],
    ['{"hooks": []}', '"hooks" is not an object'],
    ['{"hooks": {"SessionStart": {}}}', '"hooks.SessionStart" is not a list'],
    ['{"hooks": {}, "hooks": {}}', 'twice'],
    ['{"hooks": {"SessionEnd": [], "SessionEnd": []}}', 'twice'],
  ])('refuses %j', (text, reason) => {
    expect(mergeHooks(text, definitions)).toMatchObject({
      kind: 'unreadable',
      reason: expect.stringContaining(reason),
    })
  })
})

const foreignEntry = fc.oneof(
  fc.record({
    matcher: fc.string(),
    hooks: fc.array(fc.record({type: fc.constant('command'), command: fc.string()}), {
      maxLength: 3,
    }),
  }),
  fc.jsonValue(),
)
const ownEntry = fc
  .constantFrom(
    'agnes pull',
    'da sync',
    'agnes update --quiet & disown',
    'agnes push --quiet || true',
  )
  .map((command) => ({hooks: [{type: 'command', command}]}))
const list = fc.array(fc.oneof({weight: 3, arbitrary: foreignEntry}, ownEntry), {maxLength: 5})
const settings = fc
  .tuple(
    fc.dictionary(fc.string(), fc.jsonValue(), {maxKeys: 5}),
    fc.option(
      fc.record({SessionStart: list, SessionEnd: list, PreToolUse: list}, {requiredKeys: []}),
      {nil: undefined},
    ),
    fc.dictionary(fc.string(), fc.jsonValue(), {maxKeys: 3}),
  )
  .map(([before, hooks, after]) => {
    const {hooks: _dropped, ...rest} = {...before}
    const {hooks: _also, ...tail} = {...after}
    return {...rest, ...(hooks ? {hooks} : {}), ...tail} as Record<string, unknown>
  })
const style = fc.constantFrom<string | number>(0, 1, 2, 4, '\t')
const text = fc
  .tuple(settings, style, fc.constantFrom('\n', '\r\n'), fc.constantFrom('', '\n', '\n\n'))
  .map(([value, indent, eol, end]) =>
    (JSON.stringify(value, null, indent) + end).replaceAll('\n', eol),
  )

/** The document without our entries, and without lists and objects that only they filled. */
function foreignPart(document: string): unknown {
  const value = JSON.parse(document) as {hooks?: Record<string, unknown[]>}
  const {hooks, ...rest} = value
  const lists = Object.entries(hooks ?? {})
    .map(
      ([event, entries]) =>
        [
          event,
          event.startsWith('Session') ? entries.filter((entry) => !isOwnEntry(entry)) : entries,
        ] as const,
    )
    .filter(([, entries]) => entries.length > 0)
  return [
    Object.keys(rest),
    rest,
    lists.filter(([event]) => event !== 'PreToolUse'),
    hooks?.PreToolUse,
  ]
}

describe('mergeHooks, for any settings', () => {
  it('changes nothing foreign', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = foreignPart(merge(before))
        expect(new Map((after as any)[2])).toEqual(new Map((foreignPart(before) as any)[2]))
        expect([(after as any)[0], (after as any)[1], (after as any)[3]]).toEqual(
          [0, 1, 3].map((index) => (foreignPart(before) as any)[index]),
        )
      }),
      {numRuns: 500},
    )
  })

  it('leaves exactly one entry of ours per event', () => {
    fc.assert(
      fc.property(text, (before) => {
        const {hooks} = JSON.parse(merge(before))
        expect(hooks.SessionStart.filter(isOwnEntry)).toEqual([pull])
        expect(hooks.SessionEnd.filter(isOwnEntry)).toEqual([push])
      }),
      {numRuns: 500},
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(text, (before) => {
        const once = merge(before)
        expect(merge(once)).toBe(once)
      }),
      {numRuns: 500},
    )
  })

  it('keeps every other byte when it only adds', () => {
    fc.assert(
      fc.property(
        settings.filter((value) => !('hooks' in value)),
        style,
        (value, indent) => {
          const before = JSON.stringify(value, null, indent) + '\n'
          const body = before.slice(1, before.lastIndexOf('}')).trimEnd()
          expect(merge(before)).toContain(body)
        },
      ),
      {numRuns: 300},
    )
  })

  it('never throws on junk', () => {
    fc.assert(fc.property(fc.string(), (junk) => void mergeHooks(junk, definitions)))
    fc.assert(fc.property(fc.json(), (junk) => void mergeHooks(junk, definitions)))
  })
})

describe('the status line', () => {
  const ours = {type: 'command', command: 'agnes statusline || true'}
  const lineOf = (before: string) => {
    const merged = mergeHooks(before, {hooks: [], statusLine: ours})
    return merged.kind === 'merged' ? (JSON.parse(merged.text).statusLine as unknown) : merged
  }

  it.each([['{}'], ['{"statusLine": null}'], ['{"statusLine": ""}']])('goes into %s', (before) =>
    expect(lineOf(before)).toEqual(ours),
  )

  it('replaces an older one of ours, and leaves somebody else’s', () => {
    expect(lineOf('{"statusLine": {"command": "/usr/bin/agnes statusline"}}')).toEqual(ours)
    const theirs = {type: 'command', command: 'agnes statusline; my-line'}
    expect(lineOf(JSON.stringify({statusLine: theirs}))).toEqual(theirs)
  })
})

describe('removeHooks', () => {
  const removed = (before: string) => {
    const merged = removeHooks(before)
    if (merged.kind !== 'merged') throw new Error(merged.reason)
    return merged.text
  }

  it('gives back the text as it was before they were added', () => {
    for (const before of [
      '{\n  "model": "opus",\n  "a": [1, 2]\n}\n',
      '{"hooks":{"Stop":[{"hooks":[]}]}}',
      '{\r\n\t"hooks": {\r\n\t\t"SessionStart": [\r\n\t\t\t{"hooks": [{"type": "command", "command": "make fresh"}]}\r\n\t\t]\r\n\t}\r\n}',
    ])
      expect(removed(merge(before))).toBe(before)
  })

  it('changes nothing foreign and leaves nothing of ours', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = removed(before)
        const entries = Object.values((JSON.parse(after).hooks ?? {}) as Record<string, unknown[]>)
        expect(entries.flat().some(isOwnEntry)).toBe(false)
        expect(removed(after)).toBe(after)
      }),
      {numRuns: 300},
    )
  })

  it('takes out a status line of ours and no other', () => {
    expect(removed('{"statusLine": {"command": "agnes statusline || true"}, "a": 1}')).toBe(
      '{"a": 1}',
    )
    const theirs = '{"statusLine": {"command": "my-line"}}'
    expect(removed(theirs)).toBe(theirs)
  })

  it('leaves what it cannot read', () => {
    expect(removeHooks('{"hooks": ')).toMatchObject({kind: 'unreadable'})
  })
})
