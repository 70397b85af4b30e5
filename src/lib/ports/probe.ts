/**
 * The cheapest question there is to one server with one credential: is this still what I have? By ETag
 * no body is read; by print one is, and compared. No redirect is followed, and everything but a plain yes
 * means "ask properly".
 */
export interface Probe {
  /** `mark` is one of `wire/answer-print.ts`. Any answer but the one with this mark is false; no connection and a time-out are false as well. */
  isUnchanged(path: string, mark: string, signal: AbortSignal): Promise<boolean>
}
