import {openAdmin, type AdminSurroundings} from '../admin/open-admin.js'
import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import type {Clock} from '../ports/clock.js'
import type {SecretStore} from '../ports/secret-store.js'
import type {AccessPlan} from './access-model.js'
import type {FileDeps} from './access-file.js'
import type {Administration} from './apply-access.js'

/** What of a command's context access as code takes. */
export interface AccessSurroundings extends AdminSurroundings, FileDeps {
  clock: Clock
  secrets(): Promise<SecretStore[]>
}

export interface Access extends FileDeps, Administration {
  clock: Clock
  /** Origin. */
  server: string
  /** Shows nothing; resolves when the plan may be carried out. */
  confirm(plan: AccessPlan, signal: AbortSignal): Promise<void>
}

/** The server to administer, and who asks it. */
export async function openAccess(
  around: AccessSurroundings,
  flags: {yes?: boolean} = {},
): Promise<Access> {
  const {api, confirm} = await openAdmin(around, flags)
  const found = await findSecret(await around.secrets(), api.origin)
  const me = found ? (decodeToken(found.secret.token).email ?? (found.secret.email || null)) : null
  return {
    api,
    me,
    server: api.origin,
    clock: around.clock,
    currentDir: around.currentDir,
    filesAt: (root) => around.filesAt(root),
    confirm: ({actions}, signal) => confirm(`Make these ${actions.length} changes`, signal),
  }
}
