import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {ALL_TOOLS} from '../../../src/lib/mcp/all-tools.js'
import {readArguments} from '../../../src/lib/mcp/arguments.js'
import {HANDLE_MS, HandleBook} from '../../../src/lib/mcp/handles.js'
import {mergeEntry} from '../../../src/lib/mcp/install-entry.js'
import {isAllowed, MODES, policyOf} from '../../../src/lib/mcp/policy.js'
import {shapeAnswer} from '../../../src/lib/mcp/shape-answer.js'
import {listTools} from '../../../src/lib/mcp/list-tools.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {FakeClock} from '../../support/fake-clock.js'

describe('the policy table', () => {
  it('lists in each mode what the mode before it has, and more', () => {
    expect(MODES.map((mode) => listTools(mode).length)).toEqual([10, 13, 15])
    for (const {name} of listTools('read')) expect(policyOf(name).readOnlyHint).toBe(true)
    expect(isAllowed('grant_apply', 'snapshot')).toBe(false)
  })

  it('gives every tool both schemas and all four hints', () => {
    for (const tool of listTools('admin')) {
      expect(tool.inputSchema.type).toBe('object')
      expect(tool.outputSchema.type).toBe('object')
      expect(Object.values(tool.annotations)).toHaveLength(4)
      expect(Object.values(tool.annotations).every((hint) => typeof hint === 'boolean')).toBe(true)
    }
  })

  it('asks for a look and a reason of everything that is not read-only, the pull aside', () => {
    for (const tool of ALL_TOOLS) {
      const {look, readOnlyHint, journal} = policyOf(tool.name)
      expect([tool.name, look !== null]).toEqual([tool.name, tool.subject !== undefined])
      if (!readOnlyHint) expect(journal).toBe('all')
      if (!readOnlyHint && tool.name !== 'pull') expect(look).not.toBeNull()
    }
  })

  it('is listed in under 4,000 tokens, a token being three characters of JSON or more', () => {
    expect(JSON.stringify(listTools('admin')).length / 3).toBeLessThan(4000)
  })
})

describe('handles', () => {
  const subject = {sql: 'SELECT 1', scope: 'remote'}
  const wanted = {tool: 'query', look: 'estimate', subject}
  const open = () => {
    const clock = new FakeClock()
    const book = new HandleBook({clock, random: systemRandom})
    const {handle} = book.issue('estimate', {tool: 'query', subject, seen: {scanBytes: 5}})
    return {clock, book, handle}
  }
  const code = (work: () => unknown) => {
    try {
      return work()
    } catch (error) {
      return (error as {code: string}).code
    }
  }

  it('are good once, for the request they are about, in whatever order its fields come', () => {
    const {book, handle} = open()
    const turned = {...wanted, subject: {scope: 'remote', sql: 'SELECT 1', limit: undefined}}
    expect(book.redeem(handle, turned)).toEqual({scanBytes: 5})
    expect(code(() => book.redeem(handle, wanted))).toBe('handle_used')
  })

  it('are refused for another request, another tool, none and an unknown one', () => {
    const {book, handle} = open()
    const other = {...wanted, subject: {...subject, sql: 'SELECT 2'}}
    expect(code(() => book.redeem(handle, other))).toBe('handle_other_request')
    expect(code(() => book.redeem(handle, {...wanted, tool: 'pull'}))).toBe('handle_unknown')
    expect(code(() => book.redeem(undefined, wanted))).toBe('handle_missing')
    expect(code(() => book.redeem('look_x', wanted))).toBe('handle_unknown')
    expect(book.redeem(handle, wanted)).toEqual({scanBytes: 5})
  })

  it('end after ten minutes', async () => {
    const {clock, book, handle} = open()
    await clock.advance(HANDLE_MS)
    expect(code(() => book.redeem(handle, wanted))).toBe('handle_expired')
  })
})

describe('answers', () => {
  const limits = {maxChars: 2000, lists: ['rows'], narrow: 'Ask for less.'}

  it('are cut to the ceiling and say what was left out, whatever they hold', () => {
    const rows = fc.array(fc.array(fc.string({maxLength: 80})), {maxLength: 200})
    fc.assert(
      fc.property(rows, (all) => {
        const shaped = shapeAnswer({rows: all}, limits)
        expect(JSON.stringify(shaped).length).toBeLessThanOrEqual(2000)
        const kept = (shaped.rows as unknown[]).length
        const left = (shaped.leftOut as {rows?: number} | undefined)?.rows ?? 0
        expect(kept + left).toBe(all.length)
      }),
    )
  })

  it('hold no secret, no control character and no text without an end', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`
    const shaped = shapeAnswer(
      {note: `${token}\u001B[2J\u202E`, long: 'y'.repeat(9000)},
      {...limits, maxChars: 9000},
    )
    const text = JSON.stringify(shaped)
    expect(text).not.toContain(token)
    for (const control of ['\u001B', '\\u001b', '\u202E']) expect(text).not.toContain(control)
    expect(shaped.leftOut).toEqual({longTexts: 1})
  })

  it('that cannot be shortened are refused with advice', () => {
    const big = {text: Array.from({length: 60}, () => 'z'.repeat(100))}
    expect(() => shapeAnswer(big, limits)).toThrowError(/longer than 2000/)
  })
})

it('tells what is wrong with arguments and what there is instead', () => {
  const query = ALL_TOOLS.find(({name}) => name === 'query')!
  expect(() => readArguments(query, {sql: 5, x: 1})).toThrowError(
    'query cannot take these arguments: sql must be string; there is no argument x.',
  )
})

describe('the entry of .mcp.json', () => {
  const entry = {command: '/usr/bin/node', args: ['/opt/agnes/bin/run.js', 'mcp', '--mode', 'read']}

  it('goes beside others and leaves every other byte', () => {
    const text =
      '{\n    "mcpServers": {\n        "other": {"command": "x", "args": [1.0]}\n    },\n    "z": 1e3\n}\n'
    const merged = mergeEntry(text, entry)
    expect(merged.kind).toBe('merged')
    const {text: after} = merged as {text: string}
    expect(JSON.parse(after).mcpServers.agnes).toEqual(entry)
    expect(after).toContain('"other": {"command": "x", "args": [1.0]}')
    expect(after).toContain('"z": 1e3')
    expect(mergeEntry(after, entry)).toEqual(merged)
  })

  it('is brought up to date with what a person added to it', () => {
    const old = {...entry, args: ['/old/bin/run.js', 'mcp'], env: {A: '1'}}
    const merged = mergeEntry(JSON.stringify({mcpServers: {agnes: old}}), entry)
    expect(JSON.parse((merged as {text: string}).text).mcpServers.agnes).toEqual({
      ...entry,
      env: {A: '1'},
    })
  })

  it.each([
    ['{', 'it is not valid JSON'],
    ['[]', 'it does not hold a JSON object'],
    ['{"mcpServers": []}', '"mcpServers" is not an object'],
    ['{"mcpServers": {}, "mcpServers": {}}', 'it names "mcpServers" twice'],
    [
      '{"mcpServers": {"agnes": {"command": "evil", "args": ["mcp"]}}}',
      'its server "agnes" runs another program',
    ],
  ])('leaves %s alone', (text, reason) => {
    expect(mergeEntry(text, entry)).toEqual({kind: 'left', reason})
  })
})
