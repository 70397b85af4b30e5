import {ApiError} from '../api-error.js'
import type {ScanRequest} from '../model.js'

/**
 * Reads the body of the two scan routes. The reference server validates it inside the handler: a wrong
 * field is 400 with the validator's text, several lines per problem; only a body that is no object is 422.
 */
interface Problem {
  field: string
  message: string
  type: string
  input: unknown
}

type Check = (value: unknown, field: string, problems: Problem[]) => unknown

export function readScanRequest(body: unknown): ScanRequest {
  if (!isRecord(body))
    throw new ApiError(422, [
      {
        type: 'dict_type',
        loc: ['body'],
        msg: 'Input should be a valid dictionary',
        input: body ?? null,
      },
    ])
  const problems: Problem[] = []
  const optional = (field: string, check: Check) =>
    body[field] === undefined || body[field] === null ? null : check(body[field], field, problems)
  if (body.table_id === undefined)
    problems.push({field: 'table_id', message: 'Field required', type: 'missing', input: body})
  const request = {
    table_id: body.table_id === undefined ? '' : text(body.table_id, 'table_id', problems),
    select: optional('select', texts),
    where: optional('where', text),
    limit: optional('limit', positive),
    order_by: optional('order_by', texts),
    from_query: optional('from_query', text),
    max_bytes: optional('max_bytes', ceiling),
  }
  if (problems.length > 0) throw new ApiError(400, report(problems))
  refuseMixture(request)
  return request as ScanRequest
}

function refuseMixture({from_query, ...parts}: Record<string, unknown>): void {
  const given = (['select', 'where', 'limit', 'order_by'] as const).find(
    (name) => parts[name] !== null,
  )
  if (from_query !== null && given !== undefined)
    throw new ApiError(400, `from_query is a whole query: ${given} cannot be given with it`)
}

const text: Check = (value, field, problems) => {
  if (typeof value === 'string') return value
  problems.push({
    field,
    message: 'Input should be a valid string',
    type: 'string_type',
    input: value,
  })
  return ''
}

const texts: Check = (value, field, problems) => {
  if (Array.isArray(value))
    return value.map((item, index) => text(item, `${field}.${index}`, problems))
  problems.push({field, message: 'Input should be a valid list', type: 'list_type', input: value})
  return []
}

/** Whole numbers from 0. */
const ceiling: Check = (value, field, problems) =>
  value === 0 ? 0 : positive(value, field, problems)

/** Whole numbers from 1, also as text or as a float without a fraction. */
const positive: Check = (value, field, problems) => {
  const problem = (message: string, type: string) => {
    problems.push({field, message, type, input: value})
    return 1
  }
  if (typeof value !== 'string' && typeof value !== 'number')
    return problem('Input should be a valid integer', 'int_type')
  if (typeof value === 'string' && !/^\s*[+-]?\d+\s*$/.test(value))
    return problem(
      'Input should be a valid integer, unable to parse string as an integer',
      'int_parsing',
    )
  const number = Number(value)
  if (!Number.isSafeInteger(number))
    return problem(
      'Input should be a valid integer, got a number with a fractional part',
      'int_from_float',
    )
  return number >= 1
    ? number
    : problem('Input should be greater than or equal to 1', 'greater_than_equal')
}

function report(problems: readonly Problem[]): string {
  const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} for ScanRequest`
  const paragraphs = problems.map(
    ({field, message, type, input}) =>
      `${field}\n  ${message} [type=${type}, input_value=${python(input)}, input_type=${pythonType(input)}]\n` +
      `    For further information visit https://errors.pydantic.dev/2.13/v/${type}`,
  )
  return [count, ...paragraphs].join('\n')
}

/** As Python prints it, shortened in the middle like the original. */
function python(value: unknown): string {
  const full = pythonText(value)
  return full.length <= 50 ? full : `${full.slice(0, 25)}...${full.slice(-24)}`
}

function pythonText(value: unknown): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `'${key}': ${pythonText(item)}`)
      .join(', ')}}`
  return String(value)
}

function pythonType(value: unknown): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return Array.isArray(value) ? 'list' : 'dict'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
