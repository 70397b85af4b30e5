import {ApiError} from './api-error.js'

/**
 * Reads request bodies and refuses wrong ones as the reference server does: 422 with a list of
 * `{type, loc, msg, input}`. All problems are told at once.
 */
interface Problem {
  type: string
  loc: readonly (string | number)[]
  msg: string
  input: unknown
  ctx?: Record<string, unknown>
}

interface Expectation<T> {
  accepts(value: unknown): value is T
  type: string
  msg: string
}

const text: Expectation<string> = {
  accepts: (value): value is string => typeof value === 'string',
  type: 'string_type',
  msg: 'Input should be a valid string',
}
const flag: Expectation<boolean> = {
  accepts: (value): value is boolean => typeof value === 'boolean',
  type: 'bool_type',
  msg: 'Input should be a valid boolean',
}
const whole: Expectation<number> = {
  accepts: (value): value is number => Number.isSafeInteger(value),
  type: 'int_type',
  msg: 'Input should be a valid integer',
}
const object: Expectation<Record<string, unknown>> = {
  accepts: isRecord,
  type: 'dict_type',
  msg: 'Input should be a valid dictionary',
}
const texts: Expectation<string[]> = {
  accepts: (value): value is string[] =>
    Array.isArray(value) && value.every((item) => typeof item === 'string'),
  type: 'list_type',
  msg: 'Input should be a valid list',
}

export class RequestBody {
  private readonly problems: Problem[] = []
  private readonly fields: Record<string, unknown>

  constructor(body: unknown) {
    if (body === undefined) throw missingBody()
    if (!isRecord(body))
      throw new ApiError(422, [
        {
          type: 'model_attributes_type',
          loc: ['body'],
          msg: 'Input should be a valid dictionary or object to extract fields from',
          input: body,
        },
      ])
    this.fields = body
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined
  }

  text(name: string): string {
    return this.required(name, text) ?? ''
  }

  /** Absent and null are both `null`. */
  optionalText(name: string): string | null {
    return this.optional(name, text)
  }

  optionalFlag(name: string): boolean | null {
    return this.optional(name, flag)
  }

  optionalWhole(name: string): number | null {
    return this.optional(name, whole)
  }

  optionalTexts(name: string): string[] | null {
    return this.optional(name, texts)
  }

  object(name: string): Record<string, unknown> {
    return this.required(name, object) ?? {}
  }

  /** Every field as sent. */
  all(): Record<string, unknown> {
    return this.fields
  }

  /** Call once, after the last read: throws when anything was wrong. */
  check(): void {
    if (this.problems.length > 0) throw new ApiError(422, this.problems)
  }

  private required<T>(name: string, expected: Expectation<T>): T | undefined {
    if (this.fields[name] === undefined) {
      this.problems.push({
        type: 'missing',
        loc: ['body', name],
        msg: 'Field required',
        input: this.fields,
      })
      return undefined
    }
    return this.typed(name, expected)
  }

  private optional<T>(name: string, expected: Expectation<T>): T | null {
    const value = this.fields[name]
    return value === undefined || value === null ? null : (this.typed(name, expected) ?? null)
  }

  private typed<T>(name: string, expected: Expectation<T>): T | undefined {
    const value = this.fields[name]
    if (expected.accepts(value)) return value
    this.problems.push({
      type: expected.type,
      loc: ['body', name],
      msg: expected.msg,
      input: value,
    })
    return undefined
  }
}

export function missingBody(): ApiError {
  return new ApiError(422, [{type: 'missing', loc: ['body'], msg: 'Field required', input: null}])
}

export function missingField(name: string): ApiError {
  return new ApiError(422, [
    {type: 'missing', loc: ['body', name], msg: 'Field required', input: null},
  ])
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
