import {MissingError, UnreachableError, UsageError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {readAuditEntry, readRows, type AuditEntry} from '../wire/admin.js'
import {isFields} from '../wire/read-fields.js'
import type {AdminApi} from './admin-api.js'
import {findUser} from './find.js'
import {runsInCircles} from './pages.js'

export interface AuditFilter {
  /** Only entries of the last so many minutes. */
  sinceMinutes?: number | undefined
  /** Only entries of this user, by id. */
  userId?: string | undefined
}

/** From what was typed: `--since 24h`, `--user ann@example.com`. */
export async function readAuditFilter(
  api: AdminApi,
  {since, user}: {since?: string | undefined; user?: string | undefined},
  signal: AbortSignal,
): Promise<AuditFilter> {
  const sinceMinutes = since === undefined ? undefined : minutesOf(since)
  const userId =
    user === undefined ? undefined : (await findUser(api, {reference: user}, signal)).id
  return {sinceMinutes, userId}
}

const UNIT_MINUTES: Record<string, number> = {m: 1, h: 60, d: 1440}
/** Servers look back thirty days at most. */
const MAX_MINUTES = 43_200

function minutesOf(text: string): number {
  const [, amount = '0', unit = 'm'] = /^(\d{1,6})([mhd])?$/.exec(text.trim()) ?? []
  const minutes = Number(amount) * UNIT_MINUTES[unit]!
  if (minutes >= 1 && minutes <= MAX_MINUTES) return minutes
  throw new UsageError(`--since ${text} is not a time from 1m to 30d.`, {
    hint: 'Write it as 30m, 24h or 7d; without --since there is no limit.',
  })
}

const PATH = '/api/admin/activity'
/** The most a server gives at once. */
const PAGE_ROWS = 200

/** The audit trail, newest first, page by page. */
export async function* auditPages(
  http: HttpClient,
  filter: AuditFilter,
  signal?: AbortSignal,
): AsyncGenerator<AuditEntry[]> {
  const query = {
    limit: PAGE_ROWS,
    ...(filter.sinceMinutes === undefined ? {} : {since_minutes: filter.sinceMinutes}),
    ...(filter.userId === undefined ? {} : {user_id: filter.userId}),
  }
  const seen = new Set<string>()
  let after: Record<string, string> | undefined
  do {
    const {body} = await ask(http, {...query, ...after}, signal)
    if (!isFields(body)) throw unreadable()
    yield readRows(body.rows, readAuditEntry)
    after = cursorOf(body.next_cursor)
    const key = JSON.stringify(after)
    if (after !== undefined && seen.has(key)) throw runsInCircles(PATH)
    seen.add(key)
  } while (after !== undefined)
}

async function ask(http: HttpClient, query: Record<string, string | number>, signal?: AbortSignal) {
  try {
    return await http.requestJson('GET', PATH, {query}, signal)
  } catch (error) {
    if (!(error instanceof MissingError)) throw error
    throw new MissingError(`${http.origin} does not tell its audit trail.`, {
      code: 'no_audit',
      hint: 'Servers before 0.84.8 keep it to themselves; ask whoever runs the server.',
      cause: error,
    })
  }
}

/** The two halves of a cursor, whatever they are called; one that is not understood must not end the list. */
function cursorOf(cursor: unknown): Record<string, string> | undefined {
  if (cursor === null || cursor === undefined) return undefined
  const fields = isFields(cursor) ? cursor : {}
  const ts = fields.cursor_ts ?? fields.ts ?? fields.timestamp
  const id = fields.cursor_id ?? fields.id
  if (typeof ts !== 'string' || (typeof id !== 'string' && typeof id !== 'number'))
    throw unreadable()
  return {cursor_ts: ts, cursor_id: String(id)}
}

function unreadable(): UnreachableError {
  return new UnreachableError("The server's audit trail is not readable.", {
    code: 'unreadable_answer',
    hint: 'Check the server address; a proxy may stand in front of it.',
  })
}
