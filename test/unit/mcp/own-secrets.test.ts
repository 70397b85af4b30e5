import fc from 'fast-check'
import {expect, it} from 'vitest'
import {formsOf, withoutForms} from '../../../src/lib/mcp/own-secrets.js'
import {shapeAnswer} from '../../../src/lib/mcp/shape-answer.js'

const token = fc.string({minLength: 12, maxLength: 200, unit: 'grapheme-ascii'}).filter((text) => {
  // Control characters are taken out before, and a token of spaces is none.
  return /^[\u0021-\u007E]+$/.test(text)
})
const WRITTEN: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => encodeURIComponent(text),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
]
const SEPARATE = ' | '

it('finds our own token in every usual form, wherever it stands', () => {
  fc.assert(
    fc.property(
      token,
      fc.constantFrom(...WRITTEN),
      fc.string(),
      fc.string(),
      (own, write, a, b) => {
        const written = a + SEPARATE + write(own) + SEPARATE + b
        expect(withoutForms(written, formsOf(own))).toContain('[REDACTED-OWN-TOKEN]')
      },
    ),
  )
})

it('finds it within a longer text that was encoded whole', () => {
  fc.assert(
    fc.property(token, fc.string({maxLength: 9}), fc.string({maxLength: 9}), (own, a, b) => {
      const text = Buffer.from(`${a}${own}${b}`).toString('base64')
      expect(withoutForms(text, formsOf(own))).toContain('[REDACTED-OWN-TOKEN]')
    }),
  )
})

it('leaves no answer with the token, in keys, rows or notes', () => {
  const own = 'correct-horse-battery-staple'
  const limits = {maxChars: 5_000, lists: ['rows'], narrow: 'Ask for less.', forms: formsOf(own)}
  const shaped = shapeAnswer(
    {[own]: 1, rows: [[`x${own}y`], [`correct-horse\u001B[0m-battery-staple`]], notes: [own]},
    limits,
  )
  expect(JSON.stringify(shaped)).not.toContain(own)
  expect(JSON.stringify(shaped).match(/REDACTED-OWN-TOKEN/g)).toHaveLength(4)
})

it('leaves words alone where the token is too short to be one', () => {
  expect(withoutForms('the token', formsOf('token'))).toBe('the token')
})
