import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {textPrint} from '../../../src/lib/push/text-print.js'

describe('the print of a text', () => {
  it('is 16 hex digits, the same for the same text', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        expect(textPrint(text)).toMatch(/^[0-9a-f]{16}$/)
        expect(textPrint(`${text}`)).toBe(textPrint(text))
      }),
    )
  })

  it('changes with every digit of a size or a time', () => {
    const prints = new Set<string>()
    const lines = (size: number) =>
      `a/b.jsonl\t${size}\t1795274207046\nc/d.jsonl\t12\t1795274207000\n`
    for (let size = 0; size < 20_000; size++) prints.add(textPrint(lines(size)))
    for (let at = 0; at < 20_000; at++)
      prints.add(textPrint(`a/b.jsonl\t7\t${1795274207046 + at}\n`))
    expect(prints.size).toBe(40_000)
  })

  it('tells the order of lines and characters', () => {
    expect(textPrint('ab\ncd\n')).not.toBe(textPrint('cd\nab\n'))
    expect(textPrint('ab')).not.toBe(textPrint('ba'))
    expect(textPrint('')).not.toBe(textPrint('\0'))
  })
})
