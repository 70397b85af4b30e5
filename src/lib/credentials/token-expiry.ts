import {AgnesError} from '../errors.js'
import type {SecretStore} from '../ports/secret-store.js'
import {decodeToken} from './decode-token.js'
import {findSecret} from './find-secret.js'

/**
 * ISO 8601, as the stored token says; `null` where it does not, there is none, or its store does not answer:
 * what is only to be told must not fail a pull that is done.
 */
export async function tokenExpiry(
  {secrets}: {secrets(): Promise<SecretStore[]>},
  origin: string,
): Promise<string | null> {
  const found = await findSecret(await secrets(), origin).catch((error: unknown) => {
    if (error instanceof AgnesError) return undefined
    throw error
  })
  return found ? decodeToken(found.secret.token).expiresAt : null
}
