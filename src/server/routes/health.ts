import type {FastifyInstance} from 'fastify'
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

  app.get('/api/health/detailed', async () => {
    const tables = catalog.all().filter(({isPublished}) => isPublished)
    const now = clock.now()
    const stale = tables.filter(
      ({updated, queryMode}) =>
        queryMode !== 'remote' && updated !== null && now - parseTime(updated) > STALE_MS,
    )
    return {
      status: 'healthy',
      ...build,
      timestamp: offsetIso(now),
      services: {
        duckdb_state: {status: 'ok'},
        data: {
          status: 'ok',
          tables: tables.length,
          total_rows: tables.reduce((sum, {rows}) => sum + (rows ?? 0), 0),
          stale_tables: stale.map(({name}) => name),
        },
        users: {status: 'ok', count: state.count('users')},
        session_pipeline: {status: 'ok', session_files: await countSessions(deps)},
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
