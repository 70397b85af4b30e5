import type {SessionEntry, SessionListing} from '../push/list-sessions.js'
import type {MarkResult} from '../session/mark-session.js'
import {bytesText} from './amounts.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

const STATES: Record<SessionEntry['state'], 'green' | 'yellow' | 'red' | 'cyan' | 'dim'> = {
  sent: 'green',
  pending: 'yellow',
  private: 'cyan',
  refused: 'red',
  waiting: 'red',
  unknown: 'dim',
}

/** One line a session; in a pipe tab-separated: id, start, bytes, state, reason. */
export function sessionListText(list: SessionListing, terminal: Terminal): string {
  const {sessions} = list
  if (!terminal.isTty)
    return sessions
      .map(({sessionId, startedAt, bytes, state, reason}) =>
        [sessionId, startedAt ?? '', bytes, state, reason ?? '']
          .map((cell) => sanitizeLine(String(cell)))
          .join('\t'),
      )
      .join('\n')
  const head = `${sanitizeLine(list.workspace)} -> ${sanitizeLine(list.server)}`
  const lines = [paint(terminal, 'dim', head)]
  if (list.isDefaultPrivate) lines.push('Sessions here are private unless you mark them public.')
  if (sessions.length === 0)
    return [...lines, 'No Claude Code session has run in this workspace yet.'].join('\n')
  return [...lines, ...sessions.map((session) => line(session, terminal))].join('\n')
}

export function markText({sessionId, state, changed}: MarkResult): string {
  const id = sanitizeLine(sessionId)
  if (!changed) return `${id} is ${state} already.`
  return state === 'private'
    ? `${id} is private now: it stays on this computer. What was sent before stays on the server.`
    : `${id} is public now: the next push sends it.`
}

function line(session: SessionEntry, terminal: Terminal): string {
  const {state} = session
  const started = (session.startedAt ?? session.changedAt).slice(0, 16).replace('T', ' ')
  const size = bytesText(session.bytes).padStart(9)
  const reason = session.reason === null ? '' : `  ${sanitizeLine(session.reason)}`
  const id = sanitizeLine(session.sessionId)
  return `${id}  ${sanitizeLine(started)}  ${size}  ${paint(terminal, STATES[state], state)}${reason}`
}
