import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {contextRules} from '../../../src/lib/redact/context-rules.js'
import {redactionKinds, redactText, type Finding} from '../../../src/lib/redact/redact-text.js'
import {secretRules} from '../../../src/lib/redact/secret-rules.js'
import {base64Image, harmlessTexts, pemKey, secretCorpus} from './secret-corpus.js'

function redact(text: string): {text: string; findings: Finding[]} {
  const findings: Finding[] = []
  return {text: redactText(text, (finding) => findings.push(finding)), findings}
}

describe('redactText', () => {
  it.each(secretCorpus.map((entry) => [entry.kind, entry.text, entry.secret] as const))(
    'takes out %s from %j',
    (kind, text, secret) => {
      const result = redact(text)
      expect(result.text).not.toContain(secret)
      expect(result.text).toMatch(/\[REDACTED-[A-Z-]+\]/)
      expect(result.findings.map((finding) => finding.kind)).toContain(
        kind === 'KEYED' ? 'DATABRICKS-TOKEN' : kind,
      )
    },
  )

  it('knows more than 40 kinds, each of which is a name in capitals', () => {
    expect(redactionKinds.length).toBeGreaterThan(40)
    for (const kind of redactionKinds) expect(kind).toMatch(/^[A-Z][A-Z-]+$/)
  })

  it('writes the reference client’s literal for JWTs', () => {
    expect(redact(`x ${'eyJhbGciOiJIUzI1NiJ9'}.${'eyJzdWIiOiJh'}.${'c2lnbmF0dXJl'} y`).text).toBe(
      'x [REDACTED-JWT] y',
    )
  })

  it('keeps the words around a secret', () => {
    expect(redact('mysql://ana:s3cret@db/x and password=hunter2; done').text).toBe(
      'mysql://ana:[REDACTED-URL-PASSWORD]@db/x and password=[REDACTED-PASSWORD]; done',
    )
  })

  it.each(harmlessTexts.map((text) => [text]))('leaves %j as it is', (text) => {
    expect(redact(text).text).toBe(text)
  })

  it('leaves pictures alone', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const image = base64Image(200_000, seed)
      expect(redact(image).text === image).toBe(true)
      const inText = `data:image/png;base64,${image}`
      expect(redact(inText).text === inText).toBe(true)
    }
  })

  it('changes nothing more the second time', () => {
    for (const {text} of secretCorpus) {
      const once = redact(text).text
      expect(redact(once).text).toBe(once)
    }
  })

  it('takes out a secret wherever it stands in a text', () => {
    const glue = fc.constantFrom(' ', '\n', '"', "'", ', ', '; ', ' (', ') ', ' => ', '\t')
    fc.assert(
      fc.property(
        fc.nat(secretCorpus.length - 1),
        fc.string({maxLength: 60}),
        glue,
        glue,
        (index, prose, before, after) => {
          const {text, secret} = secretCorpus[index]!
          expect(redact(`${prose}${before}${text}${after}${prose}`).text.includes(secret)).toBe(
            false,
          )
        },
      ),
      {numRuns: 1500},
    )
  })

  it('never shows more of a secret than its public prefix in a preview', () => {
    for (const {text, secret} of secretCorpus)
      for (const {preview} of redact(text).findings) {
        const shown = preview.slice(0, preview.indexOf('…'))
        expect(shown.length).toBeLessThanOrEqual(6)
        expect(shown.length === 0 || secret.length / shown.length >= 4).toBe(true)
      }
  })

  it('keeps text that stands between two keys', () => {
    const {text} = redact(`a\n${pemKey}\nb\n${pemKey}\nc`)
    expect(text).toBe('a\n[REDACTED-PRIVATE-KEY]\nb\n[REDACTED-PRIVATE-KEY]\nc')
  })

  it('keeps what follows a key that was cut off', () => {
    const cut = pemKey.split('\n').slice(0, 5).join('\n')
    expect(redact(`${cut}\n\`\`\`\nThat was a key.`).text).toBe(
      '[REDACTED-PRIVATE-KEY]```\nThat was a key.',
    )
  })
})

describe('the patterns', () => {
  const rules = [...secretRules, ...contextRules]

  it('repeat without bound at most once, as their last step', () => {
    for (const {pattern} of rules) {
      const tail = tailAfterOpenRepetition(pattern.source)
      // Nothing that can fail: "={0,2}" at most.
      expect([undefined, '', '={0,2}'], pattern.source).toContain(tail)
    }
  })

  it('take no more steps in their bounded part than a fixed number', () => {
    for (const {pattern} of rules)
      expect(longestHead(pattern.source), pattern.source).toBeLessThanOrEqual(1100)
  })

  it('get through two megabytes made of their own beginnings', () => {
    const beginnings = [
      ...rules.flatMap(({anchors}) => anchors),
      'eyJ',
      'eyJaaaaaaaaaa.',
      'eyJaaaaaaaaaa.aaaaa.',
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\n\n',
      '-----BEGIN PRIVATE KEY-----\nA: b\n',
      '-----END PRIVATE KEY-----',
      'password',
      'password=',
      'password="',
      '--password ',
      'token: ',
      'bearer ',
      'authorization: ',
      'postgres://a:',
      'curl -u ',
      'login a password ',
      'name: token ',
      '\\u0070',
      '\\/',
      ' ',
      '-',
      '1-1-',
      'AKIAAAAAAAAAAAAAAAAA ',
    ]
    for (const beginning of beginnings) {
      const text = beginning.repeat(Math.ceil(200_000 / beginning.length))
      expect(redact(text).text.length).toBeGreaterThan(0)
    }
  })
})

/** What follows the first `+`, `*` or `{n,}` outside a class; `undefined` when there is none. */
function tailAfterOpenRepetition(source: string): string | undefined {
  const open = /^(?:\+|\*|\{\d+,\})\??/
  for (const {at, end} of atoms(source)) {
    void at
    const match = open.exec(source.slice(end))
    if (match) return source.slice(end + match[0].length)
  }
  return undefined
}

/** Sum over everything before an open repetition of the most characters it can take. */
function longestHead(source: string): number {
  let total = 0
  for (const {end} of atoms(source)) {
    const bound = /^\{(\d+)(?:,(\d*))?\}/.exec(source.slice(end))
    total += bound ? Number(bound[2] || bound[1]) : 1
  }
  return total
}

/** Single characters, escapes and classes; groups are transparent. */
function atoms(source: string): {at: number; end: number}[] {
  const found: {at: number; end: number}[] = []
  const atom = /\[(?:\\.|[^\]\\])*\]|\\.|\(\?<?[:=!]?|\{\d+(?:,\d*)?\}\??|[^\\[]/gs
  for (const match of source.matchAll(atom)) {
    if (/^[()|?]|^\{\d/.test(match[0]) && match[0] !== ')') continue
    found.push({at: match.index, end: match.index + match[0].length})
  }
  return found
}
