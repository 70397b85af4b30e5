import {AgnesError, AuthError, RateLimitedError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {isOfQuery, readScanEstimate, type ScanBody, type ScanEstimate} from '../wire/scan.js'
import {explainRefusal} from './explain-refusal.js'

const TIMEOUT_MS = 120_000

/**
 * What a query of any form would read; runs nothing. `null` from a server that does not know whole
 * queries: it looks for a table called `name`, so nothing it can read may have that name.
 */
export async function estimateWhole(
  {sql, name}: {sql: string; name: string},
  http: HttpClient,
  signal: AbortSignal,
): Promise<ScanEstimate | null> {
  const body: ScanBody = {table_id: name, from_query: sql, as: name}
  const request = {body, timeoutMs: TIMEOUT_MS}
  try {
    const answer = await http.requestJson('POST', '/api/v2/scan/estimate', request, signal)
    return isOfQuery(answer.body) ? readScanEstimate(answer.body) : null
  } catch (error) {
    signal.throwIfAborted()
    const explained = explainRefusal(error, {sql, origin: http.origin})
    if (explained !== error || !isUnknownForm(error)) throw explained
    return null
  }
}

/** Such a server says that the table is not there, or not granted, or that the form is wrong. */
function isUnknownForm(error: unknown): boolean {
  if (!(error instanceof AgnesError)) return false
  return !(error instanceof AuthError || error instanceof RateLimitedError) && error.exitCode !== 9
}
