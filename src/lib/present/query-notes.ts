import type {QueryAnswer} from '../query/answer-query.js'
import type {AnswerOrigin, RegisteredPart} from '../query/answer-source.js'
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
  const told = costText(origin)
  if (out !== null)
    return {warnings, note: `Wrote ${rows(rowCount)} to ${sanitizeLine(out)}.\n${told}`}
  const isRead = facts.output.isTty && facts.format === 'table'
  const isDocument = facts.format === 'json'
  return {warnings, note: `${isRead ? `${rows(rowCount)}.\n` : ''}${isDocument ? '' : told}`}
}

/** What a query cost is said wherever it is known, in a pipe too. */
function costText(origin: AnswerOrigin): string {
  if (origin.source === 'local') return (origin.registered ?? []).map(partText).join('')
  const {server, bytesScanned} = origin
  return `Answered by ${sanitizeLine(server)}. Bytes scanned: ${readText(bytesScanned)}.\n`
}

function partText({alias, server, project, priceUsd, ...part}: RegisteredPart): string {
  const by = server === undefined ? `BigQuery, paid by ${project ?? ''}` : server
  const dollars = (priceUsd ?? 0) < 0.0001 ? 'less than $0.0001' : `about $${priceUsd?.toFixed(4)}`
  const whose = server === undefined ? 'at list price' : "by the server's price"
  const price = priceUsd === null ? '' : `, ${dollars} ${whose}`
  const held = `${rows(part.rows)}, ${bytesText(part.bytes)} in memory`
  return `Registered ${sanitizeLine(alias)}: ${held}, from ${sanitizeLine(by)}. Bytes scanned: ${readText(part.bytesScanned)}${price}.\n`
}

function readText(bytesScanned: number | null): string {
  return bytesScanned === null ? 'n/a' : bytesText(bytesScanned)
}

function scopeText({tables, note}: {tables: string[]; note: string}): string {
  const which = tables.length === 0 ? '' : ` (${tables.map(sanitizeLine).join(', ')})`
  return `Only the rows you may see${which}. ${sanitizeLine(note)}`.trimEnd()
}

function rows(count: number): string {
  if (count === 0) return 'no rows'
  return `${countText(count)} ${count === 1 ? 'row' : 'rows'}`
}
