/**
 * The cheapest question there is to one server with one credential: is this still what I have? By ETag
 * no body is read; by print one is, and compared. No redirect is followed, and everything but a plain yes
 * means "ask properly".
 */
export interface Probe {
  /** `mark` is one of `wire/answer-print.ts`. `unreachable` for no connection and for a time-out. */
  ask(path: string, mark: string, signal: AbortSignal): Promise<ProbeAnswer>
}

export type ProbeAnswer = 'same' | 'other' | 'unreachable'
