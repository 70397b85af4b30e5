import {workspacePaths as paths} from '../config/paths.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/lock.js'
import type {Probe} from '../ports/probe.js'
import {isAsSettled, writeLastPull, type LastPull} from './last-pull.js'

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

/** A longer journal is folded into the state by an ordinary pull. */
const MAX_JOURNAL_BYTES = 6000

/**
 * A pull that finds nothing to do, without what it takes to do something: true when every file is where
 * the last complete pull left it and the server says 304 to both questions. It is noted like any pull.
 * False means that only an ordinary pull can tell.
 */
export async function isStillUpToDate(
  deps: QuickCheckDeps,
  last: LastPull | null,
  signal: AbortSignal,
): Promise<boolean> {
  const {files, clock, lock, server} = deps
  const settled = last?.settled
  if (!settled || last.server !== server || settled.journalBytes > MAX_JOURNAL_BYTES) return false
  // Asked while the disk is looked at.
  const answers = deps
    .probe()
    .then((probe) =>
      Promise.all([
        probe.isUnchanged('/api/sync/manifest', settled.manifestEtag, signal),
        probe.isUnchanged('/api/memory/bundle', settled.notesEtag, signal),
      ]),
    )
  answers.catch(() => undefined)
  if (!(await isAsSettled(files, settled))) return false
  if ((await answers).includes(false)) return false
  return lock.hold({waitMs: 0, command: 'agnes pull'}, async () => {
    if (!(await isAsSettled(files, settled))) return false
    const at = new Date(clock.now()).toISOString()
    const line = `${JSON.stringify({op: 'attempt', at, exitCode: 0, message: null})}\n`
    await files.append(paths.stateJournal, line)
    const journalBytes = settled.journalBytes + Buffer.byteLength(line)
    await writeLastPull(files, {
      ...last,
      at,
      lastSuccessAt: at,
      settled: {...settled, journalBytes},
    })
    return true
  })
}
