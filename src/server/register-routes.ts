import type {FastifyInstance} from 'fastify'
import type {QueryEngine} from './model.js'
import {registerDataRoutes} from './routes/data.js'
import {registerGrantRoutes} from './routes/grants.js'
import {registerGroupRoutes} from './routes/groups.js'
import {registerMemoryRoutes} from './routes/memory.js'
import {registerMetricRoutes} from './routes/metrics.js'
import {registerRegistryRoutes} from './routes/registry.js'
import {registerUploadRoutes} from './routes/uploads.js'
import {registerUserRoutes} from './routes/users.js'
import {registerWelcomeRoutes} from './routes/welcome.js'
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
  registerGrantRoutes(app, deps)
  registerGroupRoutes(app, deps)
  registerMemoryRoutes(app, deps)
  registerMetricRoutes(app, deps)
  registerRegistryRoutes(app, deps)
  registerUploadRoutes(app, deps)
  registerUserRoutes(app, deps)
  registerWelcomeRoutes(app, deps)
}
