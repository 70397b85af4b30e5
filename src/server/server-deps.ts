import type {Clock} from '../lib/ports/clock.js'
import type {Files} from '../lib/ports/files.js'
import type {Logger} from '../lib/ports/logger.js'
import type {Random} from '../lib/ports/random.js'
import type {AuditTrail} from './audit-trail.js'
import type {Authenticator} from './auth/authenticate.js'
import type {TokenIssuer} from './auth/token-issuer.js'
import type {ManifestCache} from './manifest.js'
import type {DataStore} from './model.js'
import type {SystemState} from './state/system-state.js'
import type {SystemStore} from './state/system-store.js'
import type {TableCatalog} from './table-catalog.js'

/** What the server's own routes are handed. */
export interface ServerRouteDeps {
  state: SystemState
  systemStore: SystemStore
  audit: AuditTrail
  store: DataStore
  catalog: TableCatalog
  manifests: ManifestCache
  issuer: TokenIssuer
  authenticator: Authenticator
  clock: Clock
  random: Random
  logger: Logger
  /** The served folder. */
  files: Files
  /** `templates/welcome.md`. */
  welcomeTemplate: string
  /** False switches the limits on the sign-in routes off. */
  hasRateLimits: boolean
  /** Aborts when the server stops for good. */
  signal: AbortSignal
}
