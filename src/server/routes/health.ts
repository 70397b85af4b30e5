import type {FastifyInstance} from 'fastify'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import {SCHEMA_VERSION} from '../state/system-store.js'
import {offsetIso, parseTime} from '../times.js'

const STALE_MS = 24 * 3600 * 1000
const open = {config: {access: 'public'}} as const

/** Is it there, what is it, and how does it feel. */
export function registerHealthRoutes(
  app: FastifyInstance,
  deps: ServerRouteDeps & {version: string},
): void {
  const {catalog, state, clock, version} = deps
  const startedAt = offsetIso(clock.now())
  const build = {
    version,
    channel: 'embedded',
    image_tag: 'unknown',
    commit_sha: 'unknown',
    schema_version: SCHEMA_VERSION,
    deployed_at: startedAt,
  }

  app.get('/api/health', open, async () => ({
    status: 'ok',
    db_schema: 'ok',
    current: SCHEMA_VERSION,
    expected: SCHEMA_VERSION,
  }))

  app.get('/api/version', open, async () => build)

  // No Python wheel is shipped: the reference client reads this as "nothing to update to".
  app.get('/cli/latest', open, async () => ({
    version: null,
    wheel_filename: null,
    download_url_path: null,
  }))

  app.get('/api/health/detailed', async (request) => {
    const now = clock.now()
    const told = {status: 'healthy', ...build, timestamp: offsetIso(now)}
    const ok = {status: 'ok'}
    // Names of tables and counts of people are not for everybody, as of 0.84.8 of the contract.
    if (!callerOf(request).isAdmin)
      return {...told, services: {duckdb_state: ok, data: ok, users: ok, session_pipeline: ok}}
    const tables = catalog.all().filter(({isPublished}) => isPublished)
    const stale = tables.filter(
      ({updated, queryMode}) =>
        queryMode !== 'remote' && updated !== null && now - parseTime(updated) > STALE_MS,
    )
    return {
      ...told,
      services: {
        duckdb_state: ok,
        data: {
          ...ok,
          tables: tables.length,
          total_rows: tables.reduce((sum, {rows}) => sum + (rows ?? 0), 0),
          stale_tables: stale.map(({name}) => name),
        },
        users: {...ok, count: state.count('users')},
        session_pipeline: {...ok, session_files: await countSessions(deps)},
      },
    }
  })
}

async function countSessions({files}: ServerRouteDeps): Promise<number> {
  let count = 0
  for (const user of await files.list('uploads'))
    count += (await files.list(`uploads/${user}/sessions`)).length
  return count
}
