import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {isFields} from '../wire/read-fields.js'
import type {DecisionEnd, DecisionStart} from './decision-journal.js'
import {journalParts} from './journal-files.js'

/** One decision, from both of its lines. */
export interface Decision extends DecisionStart, Omit<DecisionEnd, 'result' | 'durationMs'> {
  id: string
  /** ISO 8601. */
  at: string
  /** `unknown`: its end is not written down, or not yet. */
  result: DecisionEnd['result'] | 'unknown'
  /** `null` where the end is unknown. */
  durationMs: number | null
}

export interface Decisions {
  /** Oldest first. */
  decisions: Decision[]
  /** Lines that could not be read: cut off by a crash, or of something else. */
  damagedLines: number
  /** Decisions that were let go since the journal had grown over its bound. */
  letGo: number
}

/** Everything that is written down, or with `recent` the latest of it. No file is an empty journal. */
export async function readDecisions(
  workspace: Files,
  {recent = false}: {recent?: boolean} = {},
): Promise<Decisions> {
  // The file in use first: put aside meanwhile, it is read twice instead of not at all.
  const texts = [(await workspace.readText(workspacePaths.journal)) ?? '']
  const parts = await journalParts(workspace)
  for (const path of (recent ? parts.slice(-1) : parts).reverse())
    texts.unshift((await workspace.readText(path)) ?? '')
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '')
  return joined(lines.map(parseLine))
}

type Line = {kind: 'began' | 'ended' | 'dropped'; id: string; at: string} & Record<string, unknown>

function joined(lines: readonly (Line | undefined)[]): Decisions {
  const decisions = new Map<string, Decision>()
  const dropped = new Map<unknown, number>()
  for (const line of lines)
    if (line?.kind === 'began') decisions.set(line.id, begun(line))
    else if (line?.kind === 'dropped')
      dropped.set(line.part, Math.max(dropped.get(line.part) ?? 0, Number(line.decisions) || 0))
  let damagedLines = 0
  for (const line of lines) {
    const decision = line?.kind === 'ended' ? decisions.get(line.id) : undefined
    if (decision) decisions.set(decision.id, ended(decision, line!))
    // The beginning of a decision may have been let go with its part.
    else if (!line || (line.kind === 'ended' && dropped.size === 0)) damagedLines++
  }
  const letGo = [...dropped.values()].reduce((sum, count) => sum + count, 0)
  return {decisions: [...decisions.values()], damagedLines, letGo}
}

function parseLine(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (!isFields(value) || typeof value.at !== 'string') return undefined
    if (value.kind === 'dropped') return value as Line
    const isOurs = value.kind === 'began' || value.kind === 'ended'
    return isOurs && typeof value.id === 'string' ? (value as Line) : undefined
  } catch {
    // Half a line: counted and told by the caller.
    return undefined
  }
}

function begun(line: Line): Decision {
  const {id, at, user, client, mode, action, server, why, seen, did} = line as unknown as Decision
  const slot = typeof line.slot === 'number' ? line.slot : null
  const start = {user, client, mode, action, server, why, seen, did, slot}
  const unknown = {result: 'unknown' as const, code: null, message: null, outcome: null}
  return {id, at, ...start, ...unknown, durationMs: null}
}

function ended(decision: Decision, line: Line): Decision {
  const {result, code, message, outcome, durationMs} = line as unknown as DecisionEnd
  return {...decision, result, code, message, outcome, durationMs}
}
