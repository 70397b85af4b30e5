/** Where a browser brings the code of a sign-in: a listener on a loopback port of its own. */
export interface SignInCallback {
  readonly port: number
  /**
   * The code of the first genuine callback: right path, right `state`, asked for by a loopback name. All
   * else is refused and waited past. Rejects with `AuthError` (code `sign_in_declined`) when the person
   * said no.
   */
  readonly code: Promise<string>
  /** Frees the port; may be called twice. */
  close(): Promise<void>
}
