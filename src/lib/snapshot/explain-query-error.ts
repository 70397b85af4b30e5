import {AgnesError, MissingError, UnreachableError} from '../errors.js'
import {explainRefusal} from '../remote/explain-refusal.js'

/** A refused whole query in the words of a remote query; anything else comes back as it is. */
export function explainQueryError(
  error: unknown,
  {sql, origin}: {sql: string; origin: string},
): unknown {
  if (!(error instanceof AgnesError) || error instanceof UnreachableError) return error
  if (error instanceof MissingError) return error
  return explainRefusal(error, {sql, origin, waitedMs: 0, timeoutMs: 0})
}
