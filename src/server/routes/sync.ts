import type {FastifyInstance} from 'fastify'
import {ApiError} from '../api-error.js'
import {isNoneMatch} from '../conditional.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {PreferenceRow, StateChange} from '../state/rows.js'
import {naiveIso, offsetIso} from '../times.js'

/** The manifest, looking at the data again, and the per-user preferences. */
export function registerSyncRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {manifests, store, clock} = deps
  let running: Promise<void> | undefined
  registerPreferences(app, deps)

  app.get('/api/sync/manifest', async (request, reply) => {
    const {etag, head} = manifests.forCaller(callerOf(request))
    reply.header('etag', etag).header('cache-control', 'no-cache')
    if (isNoneMatch(request.headers['if-none-match'], etag)) return reply.code(304).send()
    return reply.type('application/json').send(`${head},"server_time":"${offsetIso(clock.now())}"}`)
  })

  app.get('/api/sync/status', {config: {access: 'public'}}, async () => ({
    locked: running !== undefined,
  }))

  app.post('/api/sync/trigger', {config: {access: 'admin'}}, async (request) => {
    const tables = triggeredTables(request.body)
    if (running) throw new ApiError(409, 'sync_already_in_progress')
    running = store
      .rescan(deps.signal)
      .catch((error: unknown) => deps.logger.error('rescan failed', {error: String(error)}))
      .finally(() => (running = undefined))
    return {
      status: 'triggered',
      tables,
      message: 'Data sync started in background. Check /api/health for progress.',
    }
  })
}

/** What a user switched on; it changes nothing in the manifest, as in the contract. */
function registerPreferences(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state, catalog, clock} = deps
  app.get('/api/sync/settings', async (request) => {
    const {userId} = callerOf(request)
    const rows = [...state.all('preferences')].filter((row) => row.userId === userId)
    return {
      user_id: userId,
      settings: rows.map(toPreference),
      enabled_datasets: rows.filter(({enabled}) => enabled).map(({dataset}) => dataset),
    }
  })

  app.post('/api/sync/settings', async (request) => {
    const caller = callerOf(request)
    const body = new RequestBody(request.body)
    const wanted = Object.entries(body.object('datasets'))
    body.check()
    const updated: Record<string, unknown> = {}
    const changes: StateChange[] = []
    for (const [dataset, value] of wanted) {
      if (catalog.canRead(caller, dataset)) {
        const enabled = value === true
        const updatedAt = naiveIso(clock.now())
        changes.push({
          put: 'preferences',
          row: {userId: caller.userId, dataset, enabled, updatedAt},
        })
        updated[dataset] = {enabled}
      } else updated[dataset] = {error: 'no permission'}
    }
    return state.update(() => ({changes, result: {updated}}))
  })
}

function toPreference(row: PreferenceRow): Record<string, unknown> {
  return {
    user_id: row.userId,
    dataset: row.dataset,
    enabled: row.enabled,
    table_mode: null,
    tables: null,
    updated_at: row.updatedAt,
  }
}

/** Nothing, a list of names, or `{"tables": […]}`. Everything is looked at either way. */
function triggeredTables(body: unknown): string[] | null {
  if (body === undefined || body === null) return null
  const fields = new RequestBody(Array.isArray(body) ? {tables: body} : body)
  const tables = fields.optionalTexts('tables')
  fields.check()
  return tables
}
