import type {NotesState, PushedSession, PushResult} from '../push/push-result.js'
import {bytesText} from './amounts.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** What a push did; in a pipe one tab-separated line a session: state, id, bytes, files, secrets removed. */
export function pushText(result: PushResult, terminal: Terminal): string {
  return terminal.isTty ? prose(result, terminal) : rows(result)
}

function rows({sessions, failed, isDryRun}: PushResult): string {
  const state = isDryRun ? 'would_send' : 'sent'
  return [
    ...sessions.flatMap((session) => [
      [state, session.sessionId, session.bytes, session.parts, secretsOf(session)].join('\t'),
      ...session.findings.map(({line, kind, preview}) =>
        ['secret', session.sessionId, line, kind, sanitizeLine(preview)].join('\t'),
      ),
    ]),
    ...failed.map(({sessionId, code, message}) =>
      ['failed', sanitizeLine(sessionId), code, sanitizeLine(message)].join('\t'),
    ),
  ].join('\n')
}

function prose(result: PushResult, terminal: Terminal): string {
  const {sessions, isDryRun} = result
  const lines = [
    paint(terminal, 'dim', `${sanitizeLine(result.workspace)} -> ${sanitizeLine(result.server)}`),
    ...sessions.flatMap((session) => sessionLines(session, terminal)),
    ...result.failed.map(
      ({sessionId, message}) =>
        `${paint(terminal, 'red', 'failed')}  ${sanitizeLine(sessionId)}  ${sanitizeLine(message)}`,
    ),
  ]
  const notes = NOTES[result.notes.state]
  if (notes !== '') lines.push(notes)
  const bytes = sessions.reduce((sum, {sentBytes}) => sum + sentBytes, 0)
  const secrets = sessions.reduce(
    (sum, session) => sum + secretsOf(session),
    result.notes.redactions,
  )
  const removed =
    secrets === 0 ? '' : `, ${count(secrets, 'secret')} ${isDryRun ? 'to take out' : 'taken out'}`
  lines.push(
    sessions.length === 0
      ? `Nothing ${isDryRun ? 'would be' : 'was'} sent. ${left(result)}`.trimEnd()
      : `${count(sessions.length, 'session')} ${isDryRun ? 'would go' : 'sent'} (${bytesText(bytes)}${removed}). ${left(result)}`.trimEnd(),
  )
  if (result.damagedLedgerRows > 0)
    lines.push(`${count(result.damagedLedgerRows, 'row')} of the push ledger could not be read.`)
  return lines.join('\n')
}

function sessionLines(session: PushedSession, terminal: Terminal): string[] {
  const parts = session.parts > 1 ? `, ${session.parts} files` : ''
  const kinds = Object.entries(session.redactions).map(([kind, times]) => `${times} ${kind}`)
  const secrets = kinds.length === 0 ? '' : `  ${paint(terminal, 'yellow', kinds.join(', '))}`
  return [
    `${session.sessionId}  ${bytesText(session.bytes)}${parts}${secrets}`,
    ...session.findings.map(
      ({line, kind, preview}) => `  line ${line}  ${kind}  ${sanitizeLine(preview)}`,
    ),
  ]
}

/** What was left as it is: only what there is any of. */
function left({skipped}: PushResult): string {
  const parts = [
    [skipped.unchanged, 'there already'],
    [skipped.private, 'private'],
    [skipped.refused, 'refused before (agnes session list)'],
    [skipped.waiting, 'waiting after a failure'],
    [skipped.unknown, 'without a folder yet'],
    [skipped.remaining, 'not tried'],
  ] as const
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  return said.length === 0 ? '' : `${said.join(', ')}.`
}

const NOTES: Record<NotesState, string> = {
  sent: 'CLAUDE.local.md sent.',
  would_send: 'CLAUDE.local.md would go, too.',
  unchanged: '',
  absent: '',
  empty: '',
  outside: 'CLAUDE.local.md is a link that leaves the workspace; it stays here.',
  failed: 'CLAUDE.local.md could not be sent.',
  not_tried: '',
}

function secretsOf({redactions}: PushedSession): number {
  return Object.values(redactions).reduce((sum, times) => sum + times, 0)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
