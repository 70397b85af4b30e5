import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {sanitize, sanitizeLine} from '../../../src/lib/present/sanitize.js'

const ESC = '\u001B'

describe('sanitize', () => {
  it.each([
    ['colour', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['cursor and erase', `a${ESC}[2J${ESC}[1;1Hb`, 'ab'],
    ['window title', `${ESC}]0;owned\u0007name`, 'name'],
    ['hyperlink', `${ESC}]8;;https://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
    ['clipboard write', `${ESC}]52;c;cm0gLXJm${ESC}\\x`, 'x'],
    ['device control string', `${ESC}Pq#0${ESC}\\x`, 'x'],
    ['8-bit CSI', '\u009B31mred', 'red'],
    ['8-bit OSC', '\u009D0;t\u009Cx', 'x'],
    ['charset switch', `${ESC}(0x`, 'x'],
    ['bare escape', `a${ESC}`, 'a'],
    ['bell and backspace', 'a\u0007b\u0008c', 'a\uFFFDb\uFFFDc'],
    ['carriage return overwrite', 'total 5\rtotal 9', 'total 5\ntotal 9'],
    ['right-to-left override', 'a\u202Efdp.exe', 'a\uFFFDfdp.exe'],
    ['isolates', 'a\u2066b\u2069', 'a\uFFFDb\uFFFD'],
    ['zero-width space', 'pay\u200Broll', 'pay\uFFFDroll'],
    ['line separator', 'a\u2028b', 'a\nb'],
    ['lone surrogate', 'a\uD800b', 'a\uFFFDb'],
    ['invisible tag text', 'ok\u{E0041}\u{E0042}', 'ok\uFFFD\uFFFD'],
  ])('disarms %s', (_name, given, expected) => {
    expect(sanitize(given)).toBe(expected)
  })

  it('shows the text after an escape string that never ends', () => {
    expect(sanitize(`${ESC}]0;rows deleted: 4000`)).toContain('rows deleted: 4000')
  })

  it.each([
    ['family emoji', '👩‍👩‍👧‍👦'],
    ['flag of Wales', '🏴󠁧󠁢󠁷󠁬󠁳󠁿'],
    ['combining marks', 'e\u0301 Z\u0351\u036B'],
    ['Persian with a non-joiner', 'می\u200Cخواهم'],
    ['Hebrew', 'שלום'],
    ['tabs and line breaks', 'a\tb\nc'],
    ['non-breaking space', '1\u00A0000'],
  ])('leaves %s alone', (_name, text) => {
    expect(sanitize(text)).toBe(text)
  })

  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        ESC,
        '[',
        ']',
        '0',
        ';',
        'm',
        '\u0007',
        '\\',
        '\u009B',
        '\u009C',
        '\u202E',
        '\r',
        '\n',
      ),
      fc.constantFrom('\u{1F3F4}', '\u{E0067}', '\u{E007F}', '\u{E0001}', '\u200D', '\uFEFF'),
      fc.string({unit: 'binary', minLength: 1, maxLength: 1}),
      fc.integer({min: 0xd800, max: 0xdfff}).map((code) => String.fromCharCode(code)),
    ),
  })

  it('never lets a control character through, whatever comes in', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // eslint-disable-next-line no-control-regex -- the test is about them
        expect(sanitize(text)).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E]/)
        expect(sanitizeLine(text)).not.toMatch(/[\t\n]/)
        expect(Buffer.from(sanitize(text)).toString()).toBe(sanitize(text))
      }),
      {numRuns: 2000},
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(hostile, (text) => void expect(sanitize(sanitize(text))).toBe(sanitize(text))),
      {numRuns: 2000},
    )
  })

  it('leaves printable text alone', () => {
    const printable = fc.string({unit: fc.constantFrom(...'aZ09 _-./\t\nčřžß中文🙂👩🏽‍💻é')})
    fc.assert(fc.property(printable, (text) => void expect(sanitize(text)).toBe(text)))
  })

  it('takes linear time on text made to slow it down', () => {
    const text = `${ESC}]`.repeat(50_000) + `${ESC}[`.repeat(50_000) + '\u{1F3F4}'.repeat(50_000)
    expect(sanitize(text)).not.toContain(ESC)
  })
})
