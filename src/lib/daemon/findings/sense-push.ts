import type {Clock} from '../../ports/clock.js'
import {pushState} from '../../push/last-push.js'
import {surveySessions, type PushPlace, type Survey} from '../../push/survey.js'
import type {Observation} from '../model.js'

/** A session that changed less long ago is likely still going on; its own end sends it. */
const IDLE_MINUTES = 15

/** While nothing waits, transcripts are looked for this much less often than files. */
const CALM_MS = 5 * 60_000

export interface PushMemory {
  /** Transcripts that were opened at an earlier look. */
  earlier: Survey['transcripts']
  /** Monotonic; nothing is looked for before. */
  nextLookMs: number
}

/**
 * Transcripts of ended sessions that a push would send now. To be asked only where hooks send them: what
 * nobody agreed to send does not wait.
 */
export async function sensePush(
  openPlace: () => Promise<PushPlace>,
  {clock, memory}: {clock: Clock; memory: PushMemory},
  signal: AbortSignal,
): Promise<Observation[]> {
  const nowMs = clock.monotonicMs()
  if (nowMs < memory.nextLookMs) return []
  const seen = await lookForWaiting(await openPlace(), memory, signal)
  // What waits is looked at each time, so that it is known at once when it has been sent.
  memory.nextLookMs = seen.length > 0 ? nowMs : nowMs + CALM_MS
  return seen
}

async function lookForWaiting(
  place: PushPlace,
  memory: PushMemory,
  signal: AbortSignal,
): Promise<Observation[]> {
  const {isDue, failure} = await pushState(place)
  if (!isDue) return []
  const options = {isPatient: true, areAllRead: false, isWriting: false, earlier: memory.earlier}
  const {transcripts, plan} = await surveySessions(place, options, signal)
  memory.earlier = transcripts
  const latestMs = place.clock.now() - IDLE_MINUTES * 60_000
  const waiting = plan.filter(({state, file}) => state === 'pending' && file.mtimeMs <= latestMs)
  if (waiting.length === 0) return []
  const why = failure === null ? '.' : `: ${failure}`
  return [
    {
      kind: 'push_waiting',
      subject: '',
      message: `Transcripts of ${waiting.length} ended session(s) wait to be sent${why}`,
      action: ['push', '--quiet', '--idle', String(IDLE_MINUTES)],
    },
  ]
}
