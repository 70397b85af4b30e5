import type {FastifyInstance, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {AuditPlace, AuditRow} from '../state/rows.js'
import {naiveIso, offsetIso, parseTime} from '../times.js'

const MAX_ROWS = 200
const MAX_MINUTES = 43_200

type Query = FastifyRequest<{
  Querystring: Partial<
    Record<'limit' | 'since_minutes' | 'user_id' | 'cursor_ts' | 'cursor_id', string>
  >
}>

/** The audit trail, newest first. */
export function registerActivityRoutes(
  app: FastifyInstance,
  {audit, systemStore, clock}: ServerRouteDeps,
): void {
  app.get('/api/admin/activity', {config: {access: 'admin'}}, async ({query}: Query) => {
    const limit = whole('limit', query.limit ?? '50', MAX_ROWS)
    const minutes =
      query.since_minutes === undefined
        ? undefined
        : whole('since_minutes', query.since_minutes, MAX_MINUTES)
    const place = placeOf(query)
    await audit.flush()
    const {rows, next} = await systemStore.audit(limit, {
      place,
      since: minutes === undefined ? null : naiveIso(clock.now() - minutes * 60_000),
      userId: query.user_id ?? null,
    })
    return {
      rows: rows.map(toActivity),
      next_cursor: next && {cursor_ts: next.at, cursor_id: next.id},
    }
  })
}

function toActivity(row: AuditRow): Record<string, unknown> {
  return {
    timestamp: offsetIso(parseTime(row.at)),
    user_id: row.userId,
    user_email: row.email,
    action: `${row.method} ${row.path}`,
    detail: row.detail,
    result: String(row.status),
    client_ip: row.ip,
    request_id: row.requestId,
  }
}

function placeOf({cursor_ts: at, cursor_id: id}: Query['query']): AuditPlace | undefined {
  if (at === undefined && id === undefined) return undefined
  if (at === undefined || !/^\d{1,18}$/.test(id ?? '')) throw invalid('cursor_id', id)
  return {at, id: id!}
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > max) throw invalid(name, text)
  return value
}

function invalid(name: string, input: unknown): ApiError {
  return new ApiError(422, [
    {type: 'value_error', loc: ['query', name], msg: 'Input is out of range', input},
  ])
}
