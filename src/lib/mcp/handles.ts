import {UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Random} from '../ports/random.js'
import type {Offer} from './tool.js'

/** Long enough to think about an estimate, too short to act on yesterday's. */
export const HANDLE_MS = 10 * 60_000
/** More looks than anybody acts on; the oldest go first. */
const MOST = 500

interface Held extends Offer {
  from: string
  request: string
  dueMs: number
  isUsed: boolean
}

/**
 * Looks that were taken, each good for one call of one tool with exactly the request it was about. They
 * live in memory: another server, or this one started again, knows none of them.
 */
export class HandleBook {
  private readonly held = new Map<string, Held>()

  constructor(private readonly deps: {clock: Clock; random: Random}) {}

  /** @param from the tool that looked */
  issue(from: string, offer: Offer): {handle: string; expiresAt: string} {
    const {clock, random} = this.deps
    const handle = `look_${random.hex(16)}`
    const request = normalForm(offer.subject)
    const dueMs = clock.monotonicMs() + HANDLE_MS
    this.held.set(handle, {...offer, from, request, dueMs, isUsed: false})
    const [oldest] = this.held.keys()
    if (this.held.size > MOST && oldest !== undefined) this.held.delete(oldest)
    return {handle, expiresAt: new Date(clock.now() + HANDLE_MS).toISOString()}
  }

  /**
   * What the look saw; from then on the handle is used up. `UsageError` with the tool to call first:
   * `handle_missing`, `handle_unknown`, `handle_used`, `handle_expired`, `handle_other_request`.
   */
  redeem(
    handle: string | undefined,
    wanted: {tool: string; look: string; subject: unknown},
  ): unknown {
    const {tool, look, subject} = wanted
    if (handle === undefined)
      throw refusal(
        'handle_missing',
        `${tool} changes or costs something, and nobody has looked at it yet.`,
        wanted,
      )
    const held = this.held.get(handle)
    if (!held || held.tool !== tool)
      throw refusal('handle_unknown', `${look} did not give this handle for ${tool}.`, wanted)
    if (held.isUsed)
      throw refusal('handle_used', 'The handle was used already; each is good once.', wanted)
    if (held.dueMs <= this.deps.clock.monotonicMs())
      throw refusal('handle_expired', 'The handle is too old: things may have changed.', wanted)
    if (held.request !== normalForm(subject))
      throw refusal(
        'handle_other_request',
        'The handle is about another request than this one.',
        wanted,
      )
    held.isUsed = true
    return held.seen
  }
}

function refusal(
  code: string,
  message: string,
  {tool, look}: {tool: string; look: string},
): UsageError {
  return new UsageError(message, {
    code,
    hint: `Call ${look} first with the same arguments, without reason; then ${tool} with those, the handle it gives and a reason.`,
    details: {tool, callFirst: look},
  })
}

/** JSON with sorted keys and without absent values: equal for requests that mean the same. */
export function normalForm(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    const entries = Object.entries(item).filter(([, one]) => one !== undefined && one !== null)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
