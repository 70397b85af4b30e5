import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {decodeDocument, encodeDocument} from './state-document.js'
import {applyRecord, parseJournal, type StateRecord, type SwapRecord} from './state-journal.js'
import type {SyncState} from './state-model.js'

/** Attempts are only noted in the journal until this many have come together. */
const MAX_IDLE_LINES = 64

/** The one writer of the sync state. Open it with the pull lock held. */
export class StateStore {
  private lines: number
  private isFoldDue: boolean
  private queue: Promise<void> = Promise.resolve()

  private constructor(
    private readonly files: Files,
    readonly state: SyncState,
    private readonly keep: Record<string, unknown>,
    private readonly pending: Map<string, SwapRecord>,
    journal: {lines: number; isTorn: boolean; wasDamaged: boolean},
  ) {
    this.lines = journal.lines
    this.isFoldDue = journal.isTorn || journal.wasDamaged || pending.size > 0
  }

  /** Reads state and journal, and finishes swaps that a crash left half made. `asideName`: where damage goes. */
  static async open(
    files: Files,
    asideName: string,
  ): Promise<{store: StateStore; damage: string | null}> {
    const source = await files.readText(workspacePaths.state)
    const {state, keep, damage} = decodeDocument(source)
    if (damage !== null && source !== undefined)
      await files.writeAtomic(`${workspacePaths.state}.${asideName}`, source)
    const journal = parseJournal(await files.readText(workspacePaths.stateJournal))
    const pending = new Map<string, SwapRecord>()
    for (const record of journal.records) applyRecord(state, pending, record)
    const store = new StateStore(files, state, keep, pending, {
      lines: journal.records.length,
      isTorn: journal.isTorn,
      wasDamaged: damage !== null || journal.damage !== null,
    })
    if (store.isFoldDue) {
      for (const swap of pending.values()) await store.carryOut(swap)
      await store.fold()
    }
    return {store, damage: damage ?? journal.damage}
  }

  /** Forces the record to the device, then changes the state. Calls may overlap; records keep their order. */
  commit(record: StateRecord): Promise<void> {
    const turn = this.queue.then(async () => {
      await this.files.append(workspacePaths.stateJournal, JSON.stringify(record) + '\n')
      this.lines++
      if (record.op !== 'attempt') this.isFoldDue = true
      applyRecord(this.state, this.pending, record)
    })
    this.queue = turn.catch(() => undefined)
    return turn
  }

  /** Commits a change of several files and makes it. After the first step it will happen, crash or not. */
  async swap(record: SwapRecord): Promise<void> {
    await this.commit(record)
    await this.carryOut(record)
    await this.commit({op: 'done', name: record.name})
  }

  /** A field outside the tables changed: the next `close` rewrites the file. */
  markChanged(): void {
    this.isFoldDue = true
  }

  /** Writes `sync_state.json` when there is something to write, and drops the journal. */
  async close(): Promise<void> {
    await this.queue
    if (this.isFoldDue || this.lines > MAX_IDLE_LINES) await this.fold()
  }

  private async carryOut(swap: SwapRecord): Promise<void> {
    for (const [from, to] of swap.renames)
      if (await this.files.stat(from)) await this.files.install(from, to)
    for (const path of swap.removes) await this.files.remove(path)
  }

  private async fold(): Promise<void> {
    await this.files.writeAtomic(workspacePaths.state, encodeDocument(this.state, this.keep))
    await this.files.remove(workspacePaths.stateJournal)
    this.pending.clear()
    this.lines = 0
    this.isFoldDue = false
  }
}
