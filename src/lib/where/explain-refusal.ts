import {UsageError} from '../errors.js'
import {explanationOf, REFUSED_FUNCTIONS} from './explanations.js'

/** The validator's bare verdict in words; any other failure comes back as it is. */
export function explainRefusal(error: unknown): unknown {
  if (!(error instanceof UsageError)) return error
  const server = error.details.server as Record<string, unknown> | undefined
  if (server?.error !== 'validator_rejected' || typeof server.kind !== 'string') return error
  const {kind} = server
  const facts = (server.details ?? {}) as {column?: unknown; function?: unknown}
  const name = typeof facts.function === 'string' ? facts.function : undefined
  const message =
    typeof facts.column === 'string'
      ? `The table has no column ${facts.column}.`
      : name === undefined
        ? `The server refuses the condition of --where (${kind}).`
        : `The server refuses the function ${name} in --where.`
  return new UsageError(message, {
    code: 'where_invalid',
    hint: REFUSED_FUNCTIONS[name?.toUpperCase() ?? '']?.instead ?? explanationOf(kind),
    details: {...error.details, kind, checkedBy: 'server'},
    cause: error,
  })
}
