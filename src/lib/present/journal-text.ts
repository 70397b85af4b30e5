import type {Journal} from '../journal/show-journal.js'
import type {Decision} from '../journal/read-decisions.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

const COLUMNS = ['when', 'who', 'what', 'result', 'why']

/** A line each decision; in a pipe with the whole request and the id. */
export function journalText(journal: Journal, terminal: Terminal): string {
  const {decisions, total, out} = journal
  if (out !== null) return terminal.isTty ? `${total} decisions are in ${sanitizeLine(out)}` : out
  if (!terminal.isTty) return decisions.map(pipeLine).join('\n')
  if (total === 0) return 'Nothing was changed through the MCP server yet.'
  const rows = decisions.map((one) => [
    one.at.slice(0, 19).replace('T', ' '),
    sanitizeLine(one.user ?? '-'),
    sanitizeLine(subjectOf(one)),
    one.result + (one.code === null ? '' : ` (${sanitizeLine(one.code)})`),
    sanitizeLine(one.why ?? '-'),
  ])
  const cut = decisions.length < total ? `\nThe last ${decisions.length} of ${total}.` : ''
  return alignColumns([COLUMNS, ...rows]).join('\n') + cut
}

function subjectOf({action, did}: Decision): string {
  const {name, table: of, sql, resource} = (did ?? {}) as Record<string, unknown>
  const subject = [name, of, resource, sql].find((value) => typeof value === 'string')
  return subject === undefined ? action : `${action} ${String(subject).slice(0, 60)}`
}

function pipeLine(one: Decision): string {
  const {id, at, user, action, result, code, why, did} = one
  const cells = [at, id, user ?? '', action, result, code ?? '', why ?? '', JSON.stringify(did)]
  return cells.map(sanitizeLine).join('\t')
}
