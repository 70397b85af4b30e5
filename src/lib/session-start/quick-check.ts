import {workspacePaths as paths} from '../config/paths.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/lock.js'
import type {Probe} from '../ports/probe.js'
import {
  attemptLine,
  isAsSettled,
  isStateAsSettled,
  writeLastPull,
  type LastPull,
  type Settled,
} from './last-pull.js'

export interface QuickCheckDeps {
  files: Files
  clock: Clock
  /** The pull lock. */
  lock: Lock
  /** For the server this workspace belongs to. */
  probe: () => Promise<Probe>
  /** Origin asked. */
  server: string
}

/**
 * `same`: nothing is to do, and that is noted like any pull. `offline`: nobody is there, noted as well.
 * `silent`: no answer in time, while all here is as the last complete pull left it. `unsure`: only an
 * ordinary pull can tell.
 */
export type QuickAnswer = 'same' | 'offline' | 'silent' | 'unsure'

/** A longer journal is folded into the state by an ordinary pull. */
const MAX_JOURNAL_BYTES = 6000
const OFFLINE = {exitCode: 9, code: 'unreachable'}

export interface QuickCheckOptions {
  /** How long the server may take. */
  answerMs: number
  /** An ordinary pull follows where nobody is there, and notes that itself. */
  leavesOffline?: boolean
}

/**
 * A pull that finds nothing to do, without what it takes to do something: every file is where the last
 * complete pull left it, and the server gives the answers it gave then.
 */
export async function quickCheck(
  deps: QuickCheckDeps,
  last: LastPull | null,
  {answerMs, leavesOffline = false}: QuickCheckOptions,
  signal: AbortSignal,
): Promise<QuickAnswer> {
  const settled = last?.settled
  if (!settled || last.server !== deps.server || settled.journalBytes > MAX_JOURNAL_BYTES)
    return 'unsure'
  const over = new AbortController()
  try {
    // Asked while the disk is looked at.
    const answer = askServer(deps, settled, answerMs, AbortSignal.any([signal, over.signal]))
    answer.catch(() => undefined)
    if (!(await isAsSettled(deps.files, settled))) return 'unsure'
    const told = await answer
    signal.throwIfAborted()
    if (told === 'unsure' || told === 'silent' || (told === 'offline' && leavesOffline)) return told
    return await note(deps, {...last, settled}, told)
  } finally {
    over.abort()
  }
}

/** Noted again only when this much later: it moves two files. */
const NOTE_MS = 10 * 60_000

/**
 * The same on the word of somebody who asked the server at `at` (ISO 8601) and pulled what it had then:
 * `same` when every file is where that left it, else `unsure`.
 */
export async function checkOnWord(
  deps: QuickCheckDeps,
  last: LastPull | null,
  at: string,
): Promise<'same' | 'unsure'> {
  const settled = last?.settled
  if (!settled || last.server !== deps.server || settled.journalBytes > MAX_JOURNAL_BYTES)
    return 'unsure'
  if (!(await isAsSettled(deps.files, settled))) return 'unsure'
  const isNoted = Date.parse(at) - Date.parse(last.lastSuccessAt ?? last.at) < NOTE_MS
  if (isNoted && last.exitCode === 0) return 'same'
  return (await note(deps, {...last, settled}, 'same', at)) === 'same' ? 'same' : 'unsure'
}

async function askServer(
  {probe, clock}: QuickCheckDeps,
  {manifestEtag, notesEtag}: Settled,
  answerMs: number,
  signal: AbortSignal,
): Promise<QuickAnswer> {
  const {ask} = await probe()
  const questions = [
    ask('/api/sync/manifest', manifestEtag, signal),
    ask('/api/memory/bundle', notesEtag, signal),
  ]
  const answers = Promise.all(questions).then((given): QuickAnswer => {
    if (given.includes('other')) return 'unsure'
    return given.includes('unreachable') ? 'offline' : 'same'
  })
  const late = clock.sleep(answerMs, signal).then((): QuickAnswer => 'silent')
  // The answers came first; it is stopped with them.
  late.catch(() => undefined)
  return Promise.race([answers, late])
}

function note(
  {files, clock, lock}: QuickCheckDeps,
  last: LastPull & {settled: Settled},
  answer: 'same' | 'offline',
  at = new Date(clock.now()).toISOString(),
): Promise<QuickAnswer> {
  const {settled} = last
  return lock.hold({waitMs: 0, command: 'agnes pull'}, async () => {
    // Every pull moves these; the other files were looked at a moment ago.
    if (!(await isStateAsSettled(files, settled))) return 'unsure'
    const isThere = answer === 'same'
    const message = isThere ? null : `Cannot reach ${last.server}.`
    const {exitCode, code} = isThere ? {exitCode: 0, code: null} : OFFLINE
    const line = attemptLine({at, exitCode, message})
    await files.append(paths.stateJournal, line, {isDurable: false})
    const journalBytes = settled.journalBytes + Buffer.byteLength(line)
    await writeLastPull(files, {
      ...last,
      ...{at, exitCode, code, message},
      ...(isThere ? {lastSuccessAt: at} : {}),
      settled: {...settled, journalBytes},
    })
    return answer
  })
}
