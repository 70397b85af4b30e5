import {BusyError, PartialError, toAgnesError, toErrorDocument, type AgnesError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock} from '../ports/lock.js'
import type {Random} from '../ports/random.js'
import {refuseOtherServer} from '../workspace/check-server.js'
import {classifyFailure} from './classify-failure.js'
import type {PlannedSession} from './plan-push.js'
import {lookBefore, recordFailedPush, recordPush} from './last-push.js'
import {planNotes, sendNotes, type PlannedNotes} from './push-notes.js'
import type {FailedSession, NotesState, PushResult} from './push-result.js'
import type {PushRun} from './push-run.js'
import {surveySessions, type PushPlace, type Survey, type SurveyOptions} from './survey.js'
import type {Uploader} from './uploader.js'

/**
 * Sends this workspace's transcripts and local notes to its server and to no other one: survey, then one request a file,
 * then a row in the ledger. What fails stays where it is and goes with a later push. Redaction has no
 * switch. This room prints nothing and writes only the two ledgers.
 */
export interface PushDeps {
  place: PushPlace
  lock: Lock
  random: Random
  /** Asked for only when there is something to send. */
  http: () => Promise<HttpClient>
  isGzipAllowed: boolean
}

export interface PushOptions {
  isDryRun: boolean
  /** Leaves alone for a while what has just failed. */
  isPatient: boolean
  /** How long to wait for another push in this workspace. */
  waitMs: number
  /** Only this session and those that work for it. */
  session?: string
  /** Leaves alone sessions that changed less long ago: they are likely still going on. */
  idleMs?: number
}

export interface PushOutcome {
  result: PushResult
  /** Set when `result.ok` is false: decides the exit code. */
  failure: AgnesError | undefined
}

const PARALLEL = 4
const UNSET = 'Nothing was sent. Unset AGNES_SERVER, then run: agnes push'
/** Larger transcripts go one at a time: each may hold lines of tens of megabytes. */
const LARGE_BYTES = 8 << 20

export async function pushSessions(
  deps: PushDeps,
  options: PushOptions,
  signal?: AbortSignal,
): Promise<PushOutcome> {
  if (options.isDryRun) return pushOnce(deps, options, signal)
  try {
    const before = await lookBefore(deps.place)
    const outcome = await pushOnce(deps, options, signal)
    await recordPush(deps.place, outcome, before)
    return outcome
  } catch (error) {
    // Another push, which is at work, will have its say.
    if (!(error instanceof BusyError)) await recordFailedPush(deps.place, toAgnesError(error))
    throw error
  }
}

async function pushOnce(
  deps: PushDeps,
  options: PushOptions,
  signal?: AbortSignal,
): Promise<PushOutcome> {
  const startedMs = deps.place.clock.monotonicMs()
  // Transcripts quote the data of the server that the workspace belongs to.
  await refuseOtherServer(deps.place, deps.place.origin, UNSET)
  const work = await look(deps, {...options, isWriting: false}, signal)
  const report = (done: Done) =>
    toOutcome(deps.place, {...done, startedMs, isDryRun: options.isDryRun})
  if (options.isDryRun) return report(await send({work, deps, uploader: undefined}, signal))
  if (isNothing(work))
    return report({work, run: undefined, notes: work.notes.state, failure: undefined})
  // Planned again under the lock: another push may have sent all of it meanwhile.
  return deps.lock.hold(
    {waitMs: options.waitMs, command: 'agnes push'},
    async () => {
      const earlier = work.survey.transcripts
      const fresh = await look(deps, {...options, isWriting: true, earlier}, signal)
      if (isNothing(fresh))
        return report({work: fresh, run: undefined, notes: fresh.notes.state, failure: undefined})
      const http = await deps.http()
      const {Uploader} = await import('./uploader.js')
      const uploader = new Uploader(http, deps.random, deps.isGzipAllowed)
      return report(await send({work: fresh, deps, uploader, http}, signal))
    },
    signal,
  )
}

interface Work {
  survey: Survey
  pending: readonly PlannedSession[]
  /** Pending, but not asked for. */
  passedOver: number
  notes: PlannedNotes
}

interface Done {
  work: Work
  run: PushRun | undefined
  notes: NotesState
  /** What ended the run or kept the notes back. */
  failure: AgnesError | undefined
}

async function look(
  {place}: PushDeps,
  {
    session,
    idleMs,
    isPatient,
    isWriting,
    earlier,
  }: PushOptions & Pick<SurveyOptions, 'isWriting' | 'earlier'>,
  signal?: AbortSignal,
): Promise<Work> {
  const options = {isPatient, isWriting, areAllRead: false, ...(earlier ? {earlier} : {})}
  const survey = await surveySessions(place, options, signal)
  const all = survey.plan.filter(({state}) => state === 'pending')
  const latestMs = place.clock.now() - (idleMs ?? 0)
  const pending = all.filter(
    ({sessionIds, file}) =>
      (session === undefined || sessionIds.includes(session)) &&
      (idleMs === undefined || file.mtimeMs <= latestMs),
  )
  const passedOver = all.length - pending.length
  return {survey, pending, passedOver, notes: await planNotes(place, survey.ledger)}
}

function isNothing({pending, notes}: Work): boolean {
  return pending.length === 0 && notes.state !== 'would_send'
}

async function send(
  input: {work: Work; deps: PushDeps; uploader: Uploader | undefined; http?: HttpClient},
  signal?: AbortSignal,
): Promise<Done> {
  const {work, deps, uploader, http} = input
  // Patterns for secrets are costly to load, and most runs have nothing to send.
  const {PushRun} = await import('./push-run.js')
  const run = new PushRun({place: deps.place, survey: work.survey, uploader}, signal)
  try {
    await uploader?.probe(signal)
  } catch (error) {
    const failure = classifyFailure(error)
    if (failure.outcome === 'stop') run.stoppedBy = failure.error
  }
  await pushAll(run, work.pending)
  if (uploader) await run.finish()
  const done = {work, run, notes: work.notes.state, failure: run.stoppedBy}
  if (work.notes.state !== 'would_send' || !http) return done
  if (run.stoppedBy) return {...done, notes: 'not_tried'}
  try {
    const nowMs = deps.place.clock.now()
    await sendNotes({http, ledger: work.survey.ledger, nowMs}, work.notes, signal)
    return {...done, notes: 'sent'}
  } catch (error) {
    return {...done, notes: 'failed', failure: classifyFailure(error).error}
  }
}

async function pushAll(run: PushRun, pending: readonly PlannedSession[]): Promise<void> {
  const {default: pLimit} = await import('p-limit')
  const limit = pLimit(PARALLEL)
  const isLarge = ({file}: PlannedSession) => file.sizeBytes > LARGE_BYTES
  const small = pending.filter((session) => !isLarge(session))
  await Promise.all(small.map((session) => limit(() => run.push(session))))
  for (const session of pending.filter(isLarge)) await run.push(session)
}

function toOutcome(
  place: PushPlace,
  {work, run, notes, failure, startedMs, isDryRun}: Done & {startedMs: number; isDryRun: boolean},
): PushOutcome {
  const count = (state: PlannedSession['state']) =>
    work.survey.plan.filter((session) => session.state === state).length
  const sessions = inOrder(run?.sessions ?? [], work.pending)
  const failed = inOrder(run?.failed ?? [], work.pending)
  const reason = failure ?? (failed.length > 0 ? partial(failed, sessions.length) : undefined)
  const result: PushResult = {
    workspace: place.workspace.root,
    server: place.origin,
    isDryRun,
    ok: reason === undefined,
    sessions,
    failed,
    skipped: {
      unchanged: count('sent') + (run?.skipped.unchanged ?? 0),
      private: count('private') + (run?.skipped.private ?? 0),
      refused: count('refused'),
      waiting: count('waiting'),
      unknown: count('unknown') + (run?.skipped.unknown ?? 0),
      remaining: run?.skipped.remaining ?? 0,
      passedOver: work.passedOver,
    },
    notes: {state: notes, redactions: work.notes.redactions},
    damagedLedgerRows: work.survey.damagedRows,
    durationMs: Math.round(place.clock.monotonicMs() - startedMs),
    error: reason ? toErrorDocument(reason).error : null,
  }
  return {result, failure: reason}
}

/** As planned, oldest first: which of several uploads ended first is chance. */
function inOrder<T extends {sessionId: string}>(
  done: readonly T[],
  planned: readonly PlannedSession[],
): T[] {
  const places = new Map(planned.map(({file}, index) => [file.sessionId, index]))
  const placeOf = ({sessionId}: T) => places.get(sessionId) ?? planned.length
  return [...done].sort((a, b) => placeOf(a) - placeOf(b))
}

const MAX_NAMED = 3

function partial(failed: readonly FailedSession[], sent: number): PartialError {
  const named = failed.slice(0, MAX_NAMED).map(({sessionId, message}) => `${sessionId}: ${message}`)
  const more = failed.length > MAX_NAMED ? [`and ${failed.length - MAX_NAMED} more`] : []
  return new PartialError(
    [
      `${failed.length} of ${failed.length + sent} sessions could not be sent:`,
      ...named,
      ...more,
    ].join('\n  '),
    {
      hint: 'Run `agnes session list` to see why; what can go later goes with the next push.',
      details: {failed: failed.length, sent},
    },
  )
}
