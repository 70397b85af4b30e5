import type {FastifyInstance} from 'fastify'
import type {QueryEngine} from './model.js'
import {registerDataRoutes} from './routes/data.js'
import {registerHealthRoutes} from './routes/health.js'
import {registerSignInRoutes} from './routes/sign-in.js'
import {registerSyncRoutes} from './routes/sync.js'
import {registerTokenRoutes} from './routes/tokens.js'
import type {ServerRouteDeps} from './server-deps.js'

/** Every route there is, one file per resource. */
export function registerRoutes(
  app: FastifyInstance,
  deps: ServerRouteDeps,
  options: {engine: QueryEngine; version: string},
): void {
  registerHealthRoutes(app, {...deps, version: options.version})
  registerSignInRoutes(app, deps)
  registerTokenRoutes(app, deps)
  registerSyncRoutes(app, deps)
  registerDataRoutes(app, deps)
}
