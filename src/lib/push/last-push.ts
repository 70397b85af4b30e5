import {workspacePaths as paths} from '../config/paths.js'
import {UnreachableError, type AgnesError} from '../errors.js'
import {findTranscripts} from '../session/find-transcripts.js'
import type {PushOutcome} from './push-sessions.js'
import {spellingsOf, type PushPlace} from './survey.js'
import {textPrint} from './text-print.js'

/** `.claude/agnes/last-push.json`: how the last push ended, small enough for a status line. */
export interface LastPush {
  format: 1
  /** Origin. */
  server: string
  /** ISO 8601. */
  at: string
  exitCode: number
  code: string | null
  message: string | null
  /** Of everything that a push looks at, when it left nothing to do; else `null`. */
  print: string | null
}

export async function readLastPush({
  workspace,
}: Pick<PushPlace, 'workspace'>): Promise<LastPush | null> {
  const text = await workspace.readText(paths.lastPush)
  if (text === undefined) return null
  try {
    const record = JSON.parse(text) as LastPush
    return record.format === 1 && typeof record.exitCode === 'number' ? record : null
  } catch {
    // The next push writes it anew.
    return null
  }
}

/**
 * Whether a push may find something to send, by names, sizes and times alone; and why the last one
 * failed, where that is more than a server out of reach.
 */
export async function pushState(
  place: PushPlace,
): Promise<{isDue: boolean; failure: string | null}> {
  const last = await readLastPush(place)
  const isSame =
    last?.server === place.origin && last.print === (await printOf(place, await lookBefore(place)))
  const isFailing = last !== null && last.exitCode !== 0 && last.exitCode !== OFFLINE
  return {isDue: !isSame, failure: isFailing ? last.message : null}
}

const OFFLINE = new UnreachableError('').exitCode

/** @param before what `lookBefore` gave: what has come or grown since then is for another push */
export async function recordPush(
  place: PushPlace,
  {result, failure}: PushOutcome,
  before: string,
): Promise<void> {
  const {passedOver, waiting} = result.skipped
  const isComplete = result.ok && passedOver === 0 && waiting === 0
  const isSeen = isComplete && (await lookBefore(place)) === before
  await write(place, failure, isSeen ? await printOf(place, before) : null)
}

export function recordFailedPush(place: PushPlace, error: AgnesError): Promise<void> {
  return write(place, error, null)
}

async function write(
  place: PushPlace,
  error: AgnesError | undefined,
  print: string | null,
): Promise<void> {
  const record: LastPush = {
    format: 1,
    server: place.origin,
    at: new Date(place.clock.now()).toISOString(),
    exitCode: error?.exitCode ?? 0,
    code: error?.code ?? null,
    message: error?.message ?? null,
    print,
  }
  const text = `${JSON.stringify(record)}\n`
  await place.workspace.writeAtomic(paths.lastPush, text, {isDurable: false})
}

/** Files that decide what goes: moved by every mark, setting and note. */
const DECIDING = [paths.privateSessions, paths.publicSessions, paths.ownSettings, paths.localNotes]

async function printOf({workspace}: PushPlace, given: string): Promise<string> {
  return textPrint(given + linesOf(await workspace.statMany([paths.pushLedger])))
}

/** All that a push goes by and does not change itself, with sizes and times. */
export async function lookBefore(place: PushPlace): Promise<string> {
  const workspacePaths = await spellingsOf(place)
  const transcripts = await findTranscripts({...place, workspacePaths})
  const deciding = await place.workspace.statMany(DECIDING)
  const config = await place.config.statMany(['config.yaml'])
  return linesOf(transcripts.map((file) => [file.path, file])) + linesOf(deciding) + linesOf(config)
}

function linesOf(files: Iterable<readonly [string, {sizeBytes: number; mtimeMs: number}]>): string {
  return [...files]
    .map(([path, {sizeBytes, mtimeMs}]) => `${path}\t${sizeBytes}\t${mtimeMs}\n`)
    .join('')
}
