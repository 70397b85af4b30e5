import {z} from 'zod/mini'
import {UsageError} from '../errors.js'
import {issueWords} from '../wire/issue-words.js'
import type {JsonSchema, Tool} from './tool.js'

/** Parts that several tools take. The limits keep a request small; names are checked by the services. */
const NAME = 200
const SQL = 20_000

export const argument = {
  name: () => z.string().check(z.minLength(1), z.maxLength(NAME)),
  sql: () => z.string().check(z.minLength(1), z.maxLength(SQL)),
  text: () => z.string().check(z.minLength(1), z.maxLength(1_000)),
  names: () => z.array(z.string().check(z.minLength(1), z.maxLength(NAME))).check(z.maxLength(200)),
  count: (most: number) => z.int().check(z.minimum(1), z.maximum(most)),
}

/** What every call that changes or costs takes besides its request. */
export const decision = {
  handle: z.optional(z.string().check(z.maxLength(NAME))),
  reason: z.optional(argument.text()),
}

/** The part of a table, or the query, that is to be kept. */
export const recipe = {
  table: z.optional(argument.name()),
  select: z.optional(argument.names()),
  where: z.optional(argument.sql()),
  orderBy: z.optional(argument.names()),
  limit: z.optional(argument.count(Number.MAX_SAFE_INTEGER)),
  fromQuery: z.optional(argument.sql().check(z.describe('a whole query instead of a table'))),
  name: z.optional(argument.name().check(z.describe('of the snapshot'))),
}

/** `count:integer` fields of an answer; a `?` marks those that may be absent. */
export function answerSchema(fields: string): JsonSchema {
  const pairs = fields.split(' ').map((field) => field.split(':') as [string, string])
  const properties = pairs.map(([name, type]) => [
    name.replace('?', ''),
    type === 'any' ? {} : {type},
  ])
  const required = pairs.filter(([name]) => !name.endsWith('?')).map(([name]) => name)
  return {type: 'object', properties: Object.fromEntries(properties) as JsonSchema, required}
}

/** As the protocol lists it: without what every client takes for granted. */
export function inputSchemaOf(tool: Tool): JsonSchema {
  const {$schema: _dialect, ...schema} = z.toJSONSchema(tool.input, {io: 'input'})
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (LIMITS.has(key) ? undefined : value)),
  ) as JsonSchema
}

/** Enforced, and told when broken; not worth a place in every session. */
const LIMITS = new Set(['minLength', 'maxLength', 'maxItems'])

/** `UsageError` (code `bad_arguments`) that names each argument and what it has to be. */
export function readArguments(tool: Tool, given: unknown): never {
  const parsed = z.safeParse(tool.input, given ?? {})
  if (parsed.success) return parsed.data
  const told = parsed.error.issues.slice(0, 5).map(wordsFor).join('; ')
  const known = Object.keys((inputSchemaOf(tool).properties ?? {}) as object).join(', ')
  throw new UsageError(`${tool.name} cannot take these arguments: ${told}.`, {
    code: 'bad_arguments',
    hint: `${tool.name} takes: ${known === '' ? 'nothing' : known}.`,
    details: {tool: tool.name},
  })
}

function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `there is no argument ${issue.keys.slice(0, 5).map(short).join(', ')}`
  const where = issue.path.length === 0 ? 'the arguments' : short(issue.path.join('.'))
  return `${where} ${issueWords(issue)}`
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
