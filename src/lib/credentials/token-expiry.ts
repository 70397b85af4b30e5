import type {SecretStore} from '../ports/secret-store.js'
import {decodeToken} from './decode-token.js'
import {findSecret} from './find-secret.js'

/** ISO 8601, as the stored token says; `null` where it does not, or there is none. */
export async function tokenExpiry(
  {secrets}: {secrets(): Promise<SecretStore[]>},
  origin: string,
): Promise<string | null> {
  const found = await findSecret(await secrets(), origin)
  return found ? decodeToken(found.secret.token).expiresAt : null
}
