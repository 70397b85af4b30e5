import {workspacePaths as paths} from '../config/paths.js'
import {UnreachableError} from '../errors.js'
import type {FileFacts, Files} from '../ports/files.js'
import type {PullAttempt} from '../sync/attempt.js'
import type {PullResult} from '../sync/pull-result.js'
import type {SyncState} from '../sync/state-model.js'

/**
 * `.claude/agnes/last-pull.json`: how the last attempt ended, small enough for a status line, and, when
 * nothing was left to do, what has to be unchanged for the next pull to have nothing to do either.
 */
export interface LastPull {
  format: 1
  /** Origin. */
  server: string
  /** ISO 8601. */
  at: string
  exitCode: number
  code: string | null
  message: string | null
  /** ISO 8601; the last attempt with nothing failed. */
  lastSuccessAt: string | null
  /** ISO 8601, of the token it was made with; `null` where that does not say. */
  tokenExpiresAt: string | null
  settled: Settled | null
}

export interface Settled {
  /** `''`, as the other one, from a server that sends none. */
  /** Marks, see `wire/answer-print.ts`. */
  manifestEtag: string
  notesEtag: string
  notes: number
  /** What a pull with nothing to do says; `null` where it has to warn, or look further, each time. */
  told?: Told | null
  /** Size and time of `sync_state.json`, bytes of its journal: they move with every other change. */
  state: readonly [sizeBytes: number, mtimeMs: number]
  journalBytes: number
}

export interface Told {
  /** How many are installed. */
  tables: number
  skipped: PullResult['skipped']
}

/** More are not kept twice. */
const MAX_SKIPPED = 200

/** Beside it, one line a file: `size TAB mtime TAB path` of everything that is installed. */
const FILES = '.claude/agnes/last-pull-files.txt'

export async function readLastPull(files: Files): Promise<LastPull | null> {
  const text = await files.readText(paths.lastPull)
  if (text === undefined) return null
  try {
    const record = JSON.parse(text) as LastPull
    return record.format === 1 && typeof record.exitCode === 'number' ? record : null
  } catch {
    // It only saves time: the next pull writes it anew.
    return null
  }
}

/** Nothing here is worth a flush to the device: what a crash loses is found out by asking again. */
export async function writeLastPull(files: Files, record: LastPull): Promise<void> {
  await files.writeAtomic(paths.lastPull, `${JSON.stringify(record)}\n`, {isDurable: false})
}

/** What `PullDeps.afterAttempt` is in every pull. */
export function attemptRecorder(
  files: Files,
  tokenExpiresAt: () => Promise<string | null>,
): (attempt: PullAttempt) => Promise<void> {
  return async (attempt) => recordAttempt(files, attempt, await tokenExpiresAt())
}

async function recordAttempt(
  files: Files,
  {at, error, server, state}: PullAttempt,
  tokenExpiresAt: string | null,
): Promise<void> {
  await writeLastPull(files, {
    format: 1,
    server,
    at,
    exitCode: error?.exitCode ?? 0,
    code: error?.code ?? null,
    message: error?.message ?? null,
    lastSuccessAt: state.lastSuccessAt,
    tokenExpiresAt,
    settled: error
      ? await stillSettled(files, {at, error, server})
      : await settledFacts(files, state),
  })
}

/** The line of the state's journal that notes an attempt. */
export function attemptLine(attempt: {
  at: string
  exitCode: number
  message: string | null
}): string {
  return `${JSON.stringify({op: 'attempt', ...attempt})}\n`
}

/** Where nobody was there, nothing has moved but the journal, by the line that says so. */
async function stillSettled(
  files: Files,
  {at, error, server}: Required<Pick<PullAttempt, 'at' | 'error' | 'server'>>,
): Promise<Settled | null> {
  const last = await readLastPull(files)
  if (error.exitCode !== OFFLINE || last?.server !== server || !last.settled) return null
  const {exitCode, message} = error
  const line = attemptLine({at, exitCode, message})
  const journalBytes = last.settled.journalBytes + Buffer.byteLength(line)
  const settled = {...last.settled, journalBytes}
  return (await isAsSettled(files, settled)) ? settled : null
}

const OFFLINE = new UnreachableError('').exitCode

/** `null` when the next pull has to look for itself. */
async function settledFacts(files: Files, state: SyncState): Promise<Settled | null> {
  const {manifestEtag, notes, catalog} = state
  const facts = await journalFacts(files)
  const isWhole = catalog.behind === null && catalog.root === files.root
  if (!notes || !isWhole || !facts) return null
  // A server that names versions named none of its notes: they were not to be had.
  if (Boolean(manifestEtag) !== Boolean(notes.etag)) return null
  const installed = [...state.tables.values()].flatMap((table) => table.files)
  if (installed.some(({sizeBytes, mtimeMs}) => sizeBytes < 0 || mtimeMs < 0)) return null
  const lines = installed.map(({path, sizeBytes, mtimeMs}) => `${sizeBytes}\t${mtimeMs}\t${path}\n`)
  const text = lines.join('')
  if ((await files.readText(FILES)) !== text)
    await files.writeAtomic(FILES, text, {isDurable: false})
  const etags = {manifestEtag: manifestEtag ?? '', notesEtag: notes.etag ?? ''}
  return {...etags, notes: notes.files, told: toldNextTime(state), ...facts}
}

function toldNextTime({tables, listed, blockedNames, catalog}: SyncState): Told | null {
  const isShadowed = Object.values(catalog.views).some((mark) => mark.startsWith('shadowed:'))
  if (blockedNames.length > 0 || isShadowed) return null
  const skipped: Told['skipped'] = []
  for (const {name: table, reason} of listed) {
    if (reason === 'unsafe_name') return null
    if (reason !== 'remote') skipped.push({table, reason})
  }
  skipped.sort((a, b) => (a.table < b.table ? -1 : 1))
  return skipped.length > MAX_SKIPPED ? null : {tables: tables.size, skipped}
}

/** Whether everything on disk is as it was when `settled` was written. */
export async function isAsSettled(files: Files, settled: Settled): Promise<boolean> {
  if (!(await isStateAsSettled(files, settled))) return false
  const notes = (await files.list(paths.rules)).filter((name) => /^km_.*\.md$/.test(name))
  const text = await files.readText(FILES)
  if (notes.length !== settled.notes || text === undefined) return false
  const wanted = text.split('\n').filter((line) => line !== '')
  if (wanted.length > 0 && !(await files.stat(paths.catalog))) return false
  const rows = wanted.map((line) => line.split('\t', 3) as [string, string, string])
  const found = await files.statMany(rows.map(([, , path]) => path))
  return rows.every(([size, mtime, path]) => {
    const now = found.get(path)
    return now?.sizeBytes === Number(size) && now.mtimeMs === Number(mtime) && !now.isDirectory
  })
}

/** The same of what moves with every change a pull makes. */
export async function isStateAsSettled(files: Files, settled: Settled): Promise<boolean> {
  const facts = await journalFacts(files)
  if (!facts || facts.journalBytes !== settled.journalBytes) return false
  return facts.state[0] === settled.state[0] && facts.state[1] === settled.state[1]
}

async function journalFacts(
  files: Files,
): Promise<Pick<Settled, 'state' | 'journalBytes'> | undefined> {
  const found = await files.statMany([paths.state, paths.stateJournal])
  const state: FileFacts | undefined = found.get(paths.state)
  if (!state) return undefined
  return {
    state: [state.sizeBytes, state.mtimeMs],
    journalBytes: found.get(paths.stateJournal)?.sizeBytes ?? 0,
  }
}
