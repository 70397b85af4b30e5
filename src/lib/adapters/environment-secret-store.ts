import {UsageError} from '../errors.js'
import type {SecretStore} from '../ports/secret-store.js'

/**
 * `AGNES_TOKEN`: read-only. The variable does not say which server it is for, so `isTrusted` decides
 * which origins may get it: never one that only a file in some folder names.
 */
export function environmentSecretStore(
  token: string | undefined,
  isTrusted: (origin: string) => Promise<boolean>,
): SecretStore {
  const readOnly = () =>
    Promise.reject(
      new UsageError('A token from AGNES_TOKEN cannot be stored or removed.', {
        code: 'read_only_credentials',
        hint: 'Unset AGNES_TOKEN first.',
      }),
    )
  return {
    kind: 'environment',
    isReadOnly: true,
    get: async (origin) =>
      token !== undefined && (await isTrusted(origin)) ? {token, email: ''} : undefined,
    set: readOnly,
    delete: readOnly,
  }
}
