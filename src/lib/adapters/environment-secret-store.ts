import {UsageError} from '../errors.js'
import type {SecretStore} from '../ports/secret-store.js'

/** `AGNES_TOKEN`: read-only, meant for whichever server the command talks to. */
export function environmentSecretStore(token: string | undefined): SecretStore {
  const readOnly = () =>
    Promise.reject(
      new UsageError('A token from AGNES_TOKEN cannot be stored or removed.', {
        code: 'read_only_credentials',
        hint: 'Unset AGNES_TOKEN first.',
      }),
    )
  return {
    kind: 'environment',
    get: async () => (token === undefined ? undefined : {token, email: ''}),
    set: readOnly,
    delete: readOnly,
  }
}
