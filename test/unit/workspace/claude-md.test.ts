import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {fencedWelcome, mergeBlock} from '../../../src/lib/workspace/claude-md.js'

const text = (existing: string | undefined, ours: string) => {
  const merged = mergeBlock(existing, ours)
  if (merged.kind === 'damaged') throw new Error(merged.reason)
  return merged.text
}

describe('mergeBlock', () => {
  it('makes a file of the block alone', () => {
    expect(text(undefined, 'ours\n')).toBe('<!-- agnes:begin -->\nours\n<!-- agnes:end -->\n')
  })

  it('replaces only what stands between the markers', () => {
    const before = 'top\n<!-- agnes:begin -->\nold\nold\n<!-- agnes:end -->\nbottom'
    expect(text(before, 'new')).toBe('top\n<!-- agnes:begin -->\nnew\n<!-- agnes:end -->\nbottom')
  })

  it('keeps the line ends of the file', () => {
    expect(text('mine\r\n', 'a\nb')).toBe(
      'mine\r\n\r\n<!-- agnes:begin -->\r\na\r\nb\r\n<!-- agnes:end -->\r\n',
    )
  })

  it.each([
    ['no end', 'x\n<!-- agnes:begin -->\ny'],
    ['no begin', 'x\n<!-- agnes:end -->\ny'],
    ['the wrong order', '<!-- agnes:end -->\n<!-- agnes:begin -->\n'],
    ['two blocks', '<!-- agnes:begin -->\n<!-- agnes:end -->\n'.repeat(2)],
  ])('refuses markers with %s', (_name, before) => {
    expect(mergeBlock(before, 'new').kind).toBe('damaged')
  })

  const line = fc.constantFrom(
    'a',
    '',
    '# T',
    '<!-- note -->',
    'agnes:begin',
    '\t-',
    '`x`',
    '$&',
    "$'",
  )
  const document = fc.array(line, {maxLength: 8}).map((lines) => lines.join('\n'))

  it('keeps what is around the block, and changes nothing the second time', () => {
    fc.assert(
      fc.property(document, document, document, (before, one, two) => {
        const first = text(before, one)
        expect(first.startsWith(before.trim() === '' ? '' : before)).toBe(true)
        expect(text(first, one)).toBe(first)
        const second = text(first, two)
        expect(text(second, one)).toBe(first)
      }),
    )
  })
})

describe('fencedWelcome', () => {
  const origin = 'https://agnes.example.com'

  it('cannot be left by a fence inside', () => {
    const fenced = fencedWelcome('a\n`````\n# now real\n~~~~~~\n', origin)
    expect(fenced).toContain('```````text\na\n')
    expect(fenced.endsWith('\n```````')).toBe(true)
  })

  it.each([
    ['@~/.ssh/id_rsa', '@ ~/.ssh/id_rsa'],
    ['see @README.md', 'see @ README.md'],
    ['(@../secrets)', '(@ ../secrets)'],
    ['ana@example.com', 'ana@example.com'],
  ])('imports nothing: %s', (content, expected) => {
    expect(fencedWelcome(content, origin)).toContain(`\n${expected}\n`)
  })

  it('cannot pass for one of our markers', () => {
    const ours = fencedWelcome('<!-- agnes:end -->\n<!--  agnes:begin -->', origin)
    const merged = text('mine\n', ours)
    expect(text(merged, ours)).toBe(merged)
  })

  it('cuts a text that is too long, at a line, and says so', () => {
    const fenced = fencedWelcome('line of text\n'.repeat(10_000), origin)
    expect(fenced.length).toBeLessThan(34_000)
    expect(fenced).toMatch(/line of text\n\[cut here: \d+ more characters on the server\]\n/)
  })
})
