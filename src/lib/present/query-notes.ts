import type {Files} from '../ports/files.js'
import type {QueryAnswer} from '../query/answer-query.js'
import {countText} from './amounts.js'
import type {QueryFormat} from './query-formats.js'
import {sanitizeLine} from './sanitize.js'

/** What is said about an answer beside it: warnings always, the rest where a person reads. */
export function queryNotes(
  answer: QueryAnswer,
  facts: {
    format: QueryFormat
    limit: number | null
    output: {isTty: boolean}
    workspace: Files
  },
): {warnings: string[]; note: string} {
  const {rowCount, isTruncated, notices, out} = answer
  const warnings = notices.map(sanitizeLine)
  if (isTruncated)
    warnings.push(
      `Only the first ${rows(facts.limit ?? rowCount)}; there are more. Give --limit N for more of them.`,
    )
  if (out !== null) return {warnings, note: `Wrote ${rows(rowCount)} to ${sanitizeLine(out)}.\n`}
  const isRead = facts.output.isTty && facts.format === 'table'
  return {warnings, note: isRead ? `${rows(rowCount)}.\n` : ''}
}

function rows(count: number): string {
  if (count === 0) return 'no rows'
  return `${countText(count)} ${count === 1 ? 'row' : 'rows'}`
}
