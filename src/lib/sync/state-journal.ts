import {decodeTable, type TableEntry} from './state-document.js'
import type {SyncState} from './state-model.js'

/**
 * `sync_state.journal`: what happened since `sync_state.json` was written, one JSON object a line, each
 * forced to the device before the next step. Applying a line twice changes nothing, so a crash between
 * folding and removing the journal is harmless.
 */
export type StateRecord = TableRecord | SwapRecord | DoneRecord | AttemptRecord

/** A table whose one file is in place. */
export interface TableRecord {
  op: 'table'
  name: string
  entry: TableEntry
}

/**
 * The commit point of a change of what is installed. From here on the table is `entry`
 * (gone when `null`); `renames` and `removes` still have to happen and may be repeated.
 */
export interface SwapRecord {
  op: 'swap'
  name: string
  entry: TableEntry | null
  renames: [from: string, to: string][]
  removes: string[]
  /** The name was local and is withheld now: nothing else may answer for it. */
  isBlocked: boolean
}

/** The renames and removes of the last swap of `name` have happened. */
export interface DoneRecord {
  op: 'done'
  name: string
}

export interface AttemptRecord {
  op: 'attempt'
  at: string
  exitCode: number
  message: string | null
}

/** Lines that do not parse are skipped; a torn last line is what a crash leaves and is no damage. */
export function parseJournal(source: string | undefined): {
  records: StateRecord[]
  isTorn: boolean
  damage: string | null
} {
  if (source === undefined || source === '') return {records: [], isTorn: false, damage: null}
  const isTorn = !source.endsWith('\n')
  const lines = source.split('\n')
  lines.pop()
  const records: StateRecord[] = []
  let damage: string | null = null
  for (const line of lines) {
    const record = parseLine(line)
    if (record) records.push(record)
    else if (line !== '') damage = 'sync_state.journal holds a line that is not readable'
  }
  return {records, isTorn, damage}
}

function parseLine(line: string): StateRecord | undefined {
  try {
    const record = JSON.parse(line) as StateRecord
    return ['table', 'swap', 'done', 'attempt'].includes(record.op) ? record : undefined
  } catch {
    return undefined
  }
}

/** Changes `state`; `pending` collects the swaps whose renames may not have happened. */
export function applyRecord(
  state: SyncState,
  pending: Map<string, SwapRecord>,
  record: StateRecord,
): void {
  if (record.op === 'attempt') {
    state.lastAttempt = {at: record.at, exitCode: record.exitCode, message: record.message}
    if (record.exitCode === 0) state.lastSuccessAt = record.at
    return
  }
  if (record.op === 'done') return void pending.delete(record.name)
  const table = record.entry === null ? undefined : decodeTable(record.name, record.entry)
  if (table) state.tables.set(record.name, table)
  else state.tables.delete(record.name)
  const isBlocked = record.op === 'swap' && record.isBlocked
  state.blockedNames = state.blockedNames.filter((name) => name !== record.name)
  if (isBlocked) state.blockedNames.push(record.name)
  if (record.op === 'swap') pending.set(record.name, record)
}
