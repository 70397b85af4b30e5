import type {QueryAnswer} from '../query/answer-query.js'
import type {ServerOrigin} from '../query/answer-source.js'
import {bytesText, countText} from './amounts.js'
import type {QueryFormat} from './query-formats.js'
import {sanitizeLine} from './sanitize.js'

/** What is said about an answer beside it: warnings always, the rest where a person reads. */
export function queryNotes(
  answer: QueryAnswer,
  facts: {
    format: QueryFormat
    output: {isTty: boolean}
  },
): {warnings: string[]; note: string} {
  const {rowCount, isTruncated, notices, out, origin} = answer
  const warnings = notices.map(sanitizeLine)
  if (origin.source === 'server' && origin.rowScope !== null)
    warnings.push(scopeText(origin.rowScope))
  if (isTruncated)
    warnings.push(
      `Only the first ${rows(rowCount)}; there are more. Give --limit N for more of them.`,
    )
  const told = origin.source === 'server' ? serverText(origin) : ''
  if (out !== null)
    return {warnings, note: `Wrote ${rows(rowCount)} to ${sanitizeLine(out)}.\n${told}`}
  const isRead = facts.output.isTty && facts.format === 'table'
  const isDocument = facts.format === 'json'
  return {warnings, note: `${isRead ? `${rows(rowCount)}.\n` : ''}${isDocument ? '' : told}`}
}

/** What a query cost is said wherever it is known, in a pipe too. */
function serverText({server, bytesScanned}: ServerOrigin): string {
  const read = bytesScanned === null ? 'n/a' : bytesText(bytesScanned)
  return `Answered by ${sanitizeLine(server)}. Bytes scanned: ${read}.\n`
}

function scopeText({tables, note}: NonNullable<ServerOrigin['rowScope']>): string {
  const which = tables.length === 0 ? '' : ` (${tables.map(sanitizeLine).join(', ')})`
  return `Only the rows you may see${which}. ${sanitizeLine(note)}`.trimEnd()
}

function rows(count: number): string {
  if (count === 0) return 'no rows'
  return `${countText(count)} ${count === 1 ? 'row' : 'rows'}`
}
