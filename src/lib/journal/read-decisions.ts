import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {isFields} from '../wire/read-fields.js'
import type {DecisionEnd, DecisionStart} from './decision-journal.js'

/** One decision, from both of its lines. */
export interface Decision extends DecisionStart, Omit<DecisionEnd, 'result' | 'durationMs'> {
  id: string
  /** ISO 8601. */
  at: string
  /** `unknown`: its end was never written down. */
  result: DecisionEnd['result'] | 'unknown'
  /** `null` where the end is unknown. */
  durationMs: number | null
}

export interface Decisions {
  /** Oldest first. */
  decisions: Decision[]
  /** Lines that could not be read: cut off by a crash, or of something else. */
  damagedLines: number
}

/** Everything that was written down. No file is an empty journal. */
export async function readDecisions(workspace: Files): Promise<Decisions> {
  const text = (await workspace.readText(workspacePaths.journal)) ?? ''
  const decisions = new Map<string, Decision>()
  let damagedLines = 0
  for (const line of text.split('\n')) {
    if (line === '') continue
    const entry = parseLine(line)
    if (entry?.kind === 'began') decisions.set(entry.id, begun(entry))
    else if (entry?.kind === 'ended' && decisions.has(entry.id))
      decisions.set(entry.id, ended(decisions.get(entry.id)!, entry))
    else damagedLines++
  }
  return {decisions: [...decisions.values()], damagedLines}
}

type Line = {kind: 'began' | 'ended'; id: string; at: string} & Record<string, unknown>

function parseLine(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (!isFields(value) || typeof value.id !== 'string' || typeof value.at !== 'string')
      return undefined
    return value.kind === 'began' || value.kind === 'ended' ? (value as Line) : undefined
  } catch {
    // Half a line: counted and told by the caller.
    return undefined
  }
}

function begun(line: Line): Decision {
  const {id, at, user, client, mode, action, server, why, seen, did} = line as unknown as Decision
  const start = {user, client, mode, action, server, why, seen, did}
  const unknown = {result: 'unknown' as const, code: null, message: null, outcome: null}
  return {id, at, ...start, ...unknown, durationMs: null}
}

function ended(decision: Decision, line: Line): Decision {
  const {result, code, message, outcome, durationMs} = line as unknown as DecisionEnd
  return {...decision, result, code, message, outcome, durationMs}
}
