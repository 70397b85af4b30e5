import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {redactLine} from '../../../src/lib/redact/redact-line.js'
import type {Finding} from '../../../src/lib/redact/redact-text.js'
import {base64Image, pemKey, secretCorpus} from './secret-corpus.js'

function redact(line: string): {text: string; findings: Finding[]; record: unknown} {
  const findings: Finding[] = []
  const result = redactLine(line, (finding) => findings.push(finding))
  return {...result, findings}
}

/** Every unit as a `\u` escape, as a careful encoder may write it. */
const escapeAll = (text: string) =>
  [...Array(text.length).keys()]
    .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('')

describe('redactLine', () => {
  it.each(secretCorpus.map(({kind, text, secret}) => [kind, text, secret] as const))(
    'takes %s out of a transcript line that holds %j',
    (_kind, text, secret) => {
      const record = {type: 'user', message: {role: 'user', content: [{type: 'text', text}]}}
      const result = redact(JSON.stringify(record))
      const parsed = JSON.parse(result.text) as typeof record
      expect(parsed.message.content[0]!.text).not.toContain(secret)
      expect(result.text).not.toContain(secret)
    },
  )

  it('sees through \\u escapes', () => {
    for (const {text, secret} of secretCorpus) {
      const result = redact(`{"a":"${escapeAll(text)}"}`)
      expect((JSON.parse(result.text) as {a: string}).a).not.toContain(secret)
    }
  })

  it('sees through JSON inside JSON', () => {
    for (const {text, secret} of secretCorpus) {
      const inner = JSON.stringify({content: text, b: 1})
      const result = redact(JSON.stringify({toolUseResult: {stdout: inner}}))
      expect(result.text, text).not.toContain(secret)
      expect(() => JSON.parse(result.text) as unknown).not.toThrow()
    }
  })

  it('redacts the value of a member with a telling name', () => {
    const line = JSON.stringify({
      input: {password: 'correct horse', api_key: 'abcdef123456', port: 5432, token_type: 'bearer'},
      env: [
        {name: 'DB_PASSWORD', value: 'swordfish'},
        {name: 'HOME', value: '/home/ana'},
      ],
      pwd: 12345678,
    })
    expect(JSON.parse(redact(line).text)).toEqual({
      input: {
        password: '[REDACTED-PASSWORD]',
        api_key: '[REDACTED-API-KEY]',
        port: 5432,
        token_type: 'bearer',
      },
      env: [
        {name: 'DB_PASSWORD', value: '[REDACTED-PASSWORD]'},
        {name: 'HOME', value: '/home/ana'},
      ],
      pwd: '[REDACTED-PASSWORD]',
    })
  })

  it('follows a private key from string to string', () => {
    const lines = pemKey.split('\n').map((line) => `+${line}`)
    const result = redact(JSON.stringify({patch: {lines: [...lines, '+after the key'], n: 1}}))
    for (const line of pemKey.split('\n').slice(1, 9)) expect(result.text).not.toContain(line)
    expect(result.text).toContain('+after the key')
  })

  it('keeps every byte of a line without secrets', () => {
    const line = '{"z":1.0,"a":12345678901234567890,"1":"caf\\u00e9 \\/","1":2,"t":" x "}'
    expect(redact(line).text).toBe(line)
  })

  it('keeps numbers, order and spacing around what it redacts', () => {
    expect(redact('{"z": 1.0, "p": "password=hunter2", "n": 12345678901234567890 }').text).toBe(
      '{"z": 1.0, "p": "password=[REDACTED-PASSWORD]", "n": 12345678901234567890 }',
    )
  })

  it('wraps a line that is not JSON and redacts it in its plain form', () => {
    for (const {text, secret} of secretCorpus) {
      const broken = JSON.stringify({a: text, b: escapeAll('x')}).slice(1)
      const result = redact(broken)
      expect(result.record).toBeUndefined()
      expect(JSON.parse(result.text)).toMatchObject({type: 'agnes-malformed-line'})
      expect(result.text).not.toContain(secret)
    }
  })

  it('hands out the record as it was', () => {
    expect(redact('{"cwd":"/home/ana","sessionId":"x"}').record).toEqual({
      cwd: '/home/ana',
      sessionId: 'x',
    })
    expect(redact('').text).toBe('')
  })

  it('turns any JSON into JSON of the same shape, without any secret put into it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.json(), fc.nat(secretCorpus.length - 1)), {maxLength: 6}),
        (parts) => {
          const values = parts.map((part) =>
            typeof part === 'number' ? secretCorpus[part]!.text : (JSON.parse(part) as unknown),
          )
          const result = redact(JSON.stringify({values}))
          expect((JSON.parse(result.text) as {values: unknown[]}).values).toHaveLength(
            values.length,
          )
          for (const part of parts)
            if (typeof part === 'number')
              expect(result.text).not.toContain(secretCorpus[part]!.secret)
          expect(redact(result.text).text).toBe(result.text)
        },
      ),
      {numRuns: 400},
    )
  })

  it('takes a picture of 30 MB in its stride', () => {
    const line = JSON.stringify({
      cwd: '/x',
      message: {
        content: [{type: 'image', source: {type: 'base64', data: base64Image(30_000_000)}}],
      },
      text: 'password=hunter2',
    })
    const result = redact(line)
    expect(result.findings).toHaveLength(1)
    expect(result.text.length).toBe(line.length - 'hunter2'.length + '[REDACTED-PASSWORD]'.length)
  })
})
