import {AgnesError} from '../errors.js'
import type {Secret, SecretStore} from '../ports/secret-store.js'

export interface FoundSecret {
  secret: Secret
  /** The kind of the store it lies in. */
  kind: string
}

/**
 * The first store's token for `origin`. A keychain that does not answer is passed over while another
 * store has one; where none has, its error is the answer.
 */
export async function findSecret(
  stores: readonly SecretStore[],
  origin: string,
): Promise<FoundSecret | undefined> {
  let silent: AgnesError | undefined
  for (const store of stores)
    try {
      const secret = await store.get(origin)
      if (secret) return {secret, kind: store.kind}
    } catch (error) {
      if (!(error instanceof AgnesError) || error.code !== 'keychain_unavailable') throw error
      silent ??= error
    }
  if (silent) throw silent
  return undefined
}
