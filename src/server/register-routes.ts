import type {FastifyInstance} from 'fastify'
import type {QueryEngine} from './model.js'
import {DEFAULT_QUOTAS, QuotaLedger, type QuotaLimits} from './quota-ledger.js'
import {registerAccessRoutes} from './routes/access.js'
import {registerActivityRoutes} from './routes/activity.js'
import {registerCatalogRoutes} from './routes/catalog.js'
import {registerDataRoutes} from './routes/data.js'
import {registerGrantRoutes} from './routes/grants.js'
import {registerGroupRoutes} from './routes/groups.js'
import {registerMarketplaceRoutes} from './routes/marketplace.js'
import {registerMemoryRoutes} from './routes/memory.js'
import {registerMetricRoutes} from './routes/metrics.js'
import {registerQueryRoute} from './routes/query.js'
import {registerRegistryRoutes} from './routes/registry.js'
import {registerSampleRoute} from './routes/sample.js'
import {registerScanRoutes} from './routes/scan.js'
import {registerSchemaRoute} from './routes/schema.js'
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
  options: {engine: QueryEngine; version: string; quotas?: Partial<QuotaLimits> | undefined},
): void {
  registerHealthRoutes(app, {...deps, version: options.version})
  registerSignInRoutes(app, deps)
  registerTokenRoutes(app, deps)
  registerSyncRoutes(app, deps)
  registerActivityRoutes(app, deps)
  registerAccessRoutes(app, deps)
  registerDataRoutes(app, deps)
  registerGrantRoutes(app, deps)
  registerGroupRoutes(app, deps)
  registerMarketplaceRoutes(app, deps)
  registerMemoryRoutes(app, deps)
  registerMetricRoutes(app, deps)
  registerRegistryRoutes(app, deps)
  registerUploadRoutes(app, deps)
  registerUserRoutes(app, deps)
  registerWelcomeRoutes(app, deps)

  const quotas = new QuotaLedger(deps.clock, {...DEFAULT_QUOTAS, ...options.quotas})
  const dataDeps = {...deps, quotas, tables: deps.catalog, engine: options.engine}
  registerCatalogRoutes(app, dataDeps)
  registerSchemaRoute(app, dataDeps)
  registerSampleRoute(app, dataDeps)
  registerScanRoutes(app, dataDeps)
  registerQueryRoute(app, dataDeps)
}
