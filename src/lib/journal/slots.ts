import {BusyError} from '../errors.js'
import type {Lock} from '../ports/lock.js'
import {DecisionJournal} from './decision-journal.js'
import type {JournalDeps} from './journal-files.js'
import {readDecisions, type Decision} from './read-decisions.js'

/**
 * Locks that tell a decision under way from one whose process is gone: each is made while its *slot* is
 * held. More at once than there are slots go without.
 */
const SLOTS = 16

export type SlotLock = (slot: number) => Lock

/** Runs `work` while it holds the first free slot; `null` where none is free. */
export async function inSlot<T>(
  lockOf: SlotLock,
  work: (slot: number | null) => Promise<T>,
): Promise<T> {
  for (let slot = 0; slot < SLOTS; slot++) {
    let isHeld = false
    try {
      return await lockOf(slot).hold(HOLDING, () => {
        isHeld = true
        return work(slot)
      })
    } catch (error) {
      if (isHeld || !(error instanceof BusyError)) throw error
    }
  }
  return work(null)
}

const HOLDING = {waitMs: 0, command: 'agnes mcp'}

/** Notes decisions as `unfinished` whose process was ended in the middle of them. Returns how many. */
export async function noteUnfinished(deps: JournalDeps, lockOf: SlotLock): Promise<number> {
  const open = await openDecisions(deps)
  let noted = 0
  for (const slot of new Set(open.map((one) => one.slot)))
    noted += await noteSlot(slot!, deps, lockOf).catch((error: unknown) => {
      // Its process is at work.
      if (error instanceof BusyError) return 0
      throw error
    })
  return noted
}

function noteSlot(slot: number, deps: JournalDeps, lockOf: SlotLock): Promise<number> {
  return lockOf(slot).hold(HOLDING, async () => {
    const left = (await openDecisions(deps)).filter((one) => one.slot === slot)
    const journal = new DecisionJournal(deps)
    for (const {id} of left)
      await journal.end(id, {
        ...{result: 'unfinished', code: 'process_ended', durationMs: null, outcome: null},
        message: 'The process that did this was ended before it was done.',
      })
    return left.length
  })
}

async function openDecisions({workspace}: JournalDeps): Promise<Decision[]> {
  const {decisions} = await readDecisions(workspace, {recent: true})
  return decisions.filter(({result, slot}) => result === 'unknown' && typeof slot === 'number')
}
