/**
 * The cheapest question there is to one server with one credential: is this still what I have? No body
 * is read, no redirect followed; everything but a plain 304 means "ask properly".
 */
export interface Probe {
  /** True for 304. Any other answer is false; no connection and a time-out are false as well. */
  isUnchanged(path: string, etag: string, signal: AbortSignal): Promise<boolean>
}
