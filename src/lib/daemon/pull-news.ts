import type {Clock} from '../ports/clock.js'
import type {JobOutcome} from '../ports/job-runner.js'
import type {Finding, Observation} from './model.js'
import {readGrants, readPullOutcome} from './pull-outcome.js'

/** How long a lost grant is told of, unless the table is granted again. */
const LOST_MS = 24 * 3_600_000

interface NewsItem {
  observation: Observation
  untilMs: number
}

/** What the pulls of one workspace brought that no sensor sees afterwards, until it is over. */
export class PullNews {
  private items: NewsItem[]

  /** `earlier`: findings of the workspace that the daemon before this one left. */
  constructor(
    private readonly clock: Clock,
    earlier: readonly Finding[],
  ) {
    const nowMs = clock.monotonicMs()
    this.items = earlier.flatMap(({kind, subject, message, action, since}) => {
      if (kind !== 'pull_too_big' && kind !== 'grant_lost') return []
      const agoMs = Math.max(0, clock.now() - Date.parse(since))
      const untilMs = kind === 'grant_lost' ? nowMs + LOST_MS - agoMs : Infinity
      return [{observation: {kind, subject, message, action}, untilMs}]
    })
  }

  get observations(): Observation[] {
    const nowMs = this.clock.monotonicMs()
    this.items = this.items.filter(({untilMs}) => untilMs > nowMs)
    return this.items.map(({observation}) => observation)
  }

  get isTooBig(): boolean {
    return this.items.some(({observation}) => observation.kind === 'pull_too_big')
  }

  /** Of every pull that was run: what one lost stays news when the next one finds nothing new. */
  note(job: JobOutcome): void {
    const outcome = readPullOutcome(job)
    const {lost, here} = readGrants(job)
    const over = new Set([...lost, ...here])
    const untilMs = this.clock.monotonicMs() + LOST_MS
    const stays = ({observation: {kind, subject}}: NewsItem) =>
      kind === 'pull_too_big' ? outcome.kind === 'failed' : !over.has(subject)
    this.items = [
      ...this.items.filter(stays),
      ...lost.map((table) => ({observation: grantLost(table), untilMs})),
    ]
    if (outcome.kind === 'too_big')
      this.items.push({observation: tooBig(outcome.message), untilMs: Infinity})
  }
}

function tooBig(message: string): Observation {
  return {kind: 'pull_too_big', subject: '', message, action: ['pull', '--quiet']}
}

function grantLost(table: string): Observation {
  const message = `The table ${table} is not granted any more; it was removed here.`
  return {kind: 'grant_lost', subject: table, message, action: null}
}
