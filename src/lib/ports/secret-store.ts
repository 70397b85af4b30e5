/** A credential for one server. */
export interface Secret {
  token: string
  /** As told by the token or the server; `''` when unknown. */
  email: string
}

/**
 * Credentials, one per origin (`https://host:port`). A store never hands a token to another origin.
 * Errors: `UsageError` when the store exists but must not be trusted (readable by others, malformed).
 */
export interface SecretStore {
  /** What `whoami` prints: `environment`, `file`, `legacy`, `keychain`, `memory`. */
  readonly kind: string
  /** True where `set` and `delete` always reject. */
  readonly isReadOnly?: boolean
  get(origin: string): Promise<Secret | undefined>
  /** Replaces. Rejects with `UsageError` on a read-only store. */
  set(origin: string, secret: Secret): Promise<void>
  /** True when something was deleted. */
  delete(origin: string): Promise<boolean>
}
