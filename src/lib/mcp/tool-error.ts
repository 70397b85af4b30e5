import {toErrorDocument, type AgnesError} from '../errors.js'
import {hintFor} from './hint-for.js'
import type {Mode} from './policy.js'
import {cleanValue} from './shape-answer.js'

/** Where our advice is a command, the tool that does the same; by code, for those a tool can answer. */
export const HINTS: Readonly<Record<string, string>> = {
  table_remote: 'Call estimate with this sql, then query with it, scope "remote" and the handle.',
  table_server_only:
    'Call estimate with this sql, then query with it, scope "remote" and the handle.',
  table_not_in_packages:
    'Call estimate with this sql, then query with it, scope "remote" and the handle.',
  over_max_bytes: 'Name fewer columns, filter by the partition column, and call estimate again.',
  remote_scan_too_large:
    'Name fewer columns, filter by the partition column, and call estimate again.',
  snapshot_not_found: 'Call snapshot_list to see what is here.',
  snapshot_exists:
    'Choose another name, or drop it: snapshot_list with its name, then snapshot_drop.',
  not_a_query: 'Write one SELECT; this server changes data through its own tools only.',
  no_workspace:
    'No tool makes one: ask the person to run agnes init, or to start the server with --workspace.',
}

/** The taxonomy as a tool's failure: one JSON text of the shape that `--json` has. */
export function toolError(
  error: AgnesError,
  {mode, maxChars, forms}: {mode: Mode; maxChars: number; forms: readonly string[]},
) {
  const document = toErrorDocument(error).error
  const own = document.hint
  const hint = HINTS[error.code] ?? (own && hintFor(own, mode))
  const whole = cleanValue({error: {...document, hint}}, {forms, longTexts: 0})
  const text = JSON.stringify(whole)
  const short = {error: {...(whole as {error: object}).error, details: {}}}
  return {
    isError: true,
    content: [{type: 'text' as const, text: text.length > maxChars ? JSON.stringify(short) : text}],
  }
}
