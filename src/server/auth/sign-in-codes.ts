import type {Clock} from '../../lib/ports/clock.js'
import type {Random} from '../../lib/ports/random.js'
import {hashToken} from './token-issuer.js'

const LIFETIME_MS = 120_000
const MAX_WAITING = 1000

/** Codes that a browser carries from the sign-in page to the command line: used once, within two minutes. */
export class SignInCodes {
  /** By hash, so that a look at the memory of this process shows no code; oldest first. */
  private readonly waiting = new Map<string, {userId: string; endsAtMs: number}>()

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  issue(userId: string): string {
    for (const [hash, {endsAtMs}] of this.waiting)
      if (endsAtMs <= this.clock.monotonicMs() || this.waiting.size >= MAX_WAITING)
        this.waiting.delete(hash)
    const code = this.random.hex(32)
    const endsAtMs = this.clock.monotonicMs() + LIFETIME_MS
    this.waiting.set(hashToken(code), {userId, endsAtMs})
    return code
  }

  /** Whose code it is; the code is spent whatever comes of it. */
  redeem(code: string): string | undefined {
    const hash = hashToken(code)
    const found = this.waiting.get(hash)
    this.waiting.delete(hash)
    return found && found.endsAtMs > this.clock.monotonicMs() ? found.userId : undefined
  }
}
