import {readFileSync} from 'node:fs'
import {describe, expect, it} from 'vitest'
import * as errors from '../../src/lib/errors.js'
import {exitCodes} from '../../src/lib/exit-codes.js'

/** Class, exit code, default code, retryable: written out by hand, because scripts rely on it. */
const TABLE: readonly [keyof typeof errors, number, string, boolean][] = [
  ['UnexpectedError', 1, 'unexpected', false],
  ['UsageError', 2, 'usage', false],
  ['RateLimitedError', 3, 'rate_limited', true],
  ['MissingError', 4, 'not_found', false],
  ['ServerError', 5, 'server_error', true],
  ['ConflictError', 6, 'conflict', false],
  ['AuthError', 7, 'not_signed_in', false],
  ['ForbiddenError', 8, 'forbidden', false],
  ['UnreachableError', 9, 'unreachable', true],
  ['IntegrityError', 10, 'integrity', false],
  ['BusyError', 11, 'busy', true],
  ['PartialError', 12, 'partial', true],
  ['QueryError', 13, 'query_error', false],
  ['TooLargeError', 14, 'too_large', false],
]

type Constructor = new (message: string, options?: errors.ErrorOptions) => errors.AgnesError

describe('errors', () => {
  it.each(TABLE)('%s ends with %d and says "%s"', (name, exitCode, code, retryable) => {
    const error = new (errors[name] as unknown as Constructor)('A sentence.')
    expect(error).toMatchObject({
      exitCode,
      code,
      retryable,
      name,
      message: 'A sentence.',
      details: {},
    })
    expect(error).toBeInstanceOf(errors.AgnesError)
  })

  it.each(TABLE)('%s is the same after its way through another process', (name) => {
    const options = {code: 'special', hint: 'Do this.', details: {table: 'orders'}}
    const error = new (errors[name] as unknown as Constructor)('A sentence.', options)
    const back = errors.fromErrorDocument(errors.toErrorDocument(error), error.exitCode)
    expect(back).toBeInstanceOf(errors[name])
    expect(back).toMatchObject({...options, message: 'A sentence.', retryable: error.retryable})
  })

  it('has a row here for every class', () => {
    const classes = Object.keys(errors).filter((name) => /^[A-Z]\w+Error$/.test(name))
    const rows = TABLE.map(([name]) => name as string)
    expect(classes.sort()).toEqual([...rows, 'AgnesError', 'InterruptedError'].sort())
  })

  it.each([
    ['SIGINT', 130, 'Interrupted.'],
    ['SIGTERM', 143, 'Stopped.'],
  ] as const)('ends with the code of %s when interrupted', (signal, exitCode, message) => {
    expect(new errors.InterruptedError(signal)).toMatchObject({
      exitCode,
      message,
      code: 'interrupted',
    })
  })

  it('keeps the code, hint, details and cause it is given', () => {
    const cause = new Error('socket closed')
    const error = new errors.UnreachableError('Gone.', {
      code: 'timeout',
      hint: 'Try again.',
      details: {origin: 'https://x'},
      cause,
    })
    expect(error.cause).toBe(cause)
    expect(errors.toErrorDocument(error)).toEqual({
      error: {
        code: 'timeout',
        message: 'Gone.',
        hint: 'Try again.',
        retryable: true,
        details: {origin: 'https://x'},
      },
    })
  })

  it.each([new TypeError('x is not a function'), 'a string', null, 7])(
    'takes what nobody classified as a bug: %s',
    (thrown) => {
      const error = errors.toAgnesError(thrown)
      expect(error).toMatchObject({exitCode: 1, code: 'unexpected', cause: thrown})
      expect(error.hint).toContain('AGNES_DEBUG=1')
    },
  )
})

describe('the table of exit codes', () => {
  it('lists every code an error can end with, and 0, once and in order', () => {
    const fromErrors = [0, ...TABLE.map(([, exitCode]) => exitCode), 130, 143]
    expect(exitCodes.map(({code}) => code)).toEqual(fromErrors)
  })

  it('agrees with the errors on what may be tried again', () => {
    for (const [name, exitCode, , retryable] of TABLE)
      expect(exitCodes.find(({code}) => code === exitCode)?.retryable, name).toBe(retryable)
  })

  it('is the table of docs/exit-codes.md', () => {
    const page = readFileSync(new URL('../../docs/exit-codes.md', import.meta.url), 'utf8')
    const rows = exitCodes.map(
      ({code, name, meaning, retryable}) =>
        `| ${code} | ${name} | ${meaning} | ${retryable ? 'yes' : 'no'} |`,
    )
    expect(page).toContain(rows.join('\n'))
  })
})
