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
  private readonly waiting: StateRecord[] = []
  /** The write that takes what is waiting; it begins when the one before has ended. */
  private writing: Promise<void> | undefined
  private last: Promise<unknown> = Promise.resolve()

  // eslint-disable-next-line max-params -- private: called once, by open()
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
    if (journal.records.some(({op}) => op !== 'attempt'))
      state.catalog.behind ??= 'the pull before was interrupted'
    if (store.isFoldDue) {
      for (const swap of pending.values()) await store.carryOut(swap)
      await store.fold()
    }
    return {store, damage: damage ?? journal.damage}
  }

  /**
   * Forces the records to the device, then changes the state. Calls may overlap: those that come while
   * the device is busy go with the next write, all at once and in order.
   */
  commit(...records: StateRecord[]): Promise<void> {
    this.waiting.push(...records)
    this.writing ??= this.last.then(() => this.flush())
    return this.writing
  }

  private async flush(): Promise<void> {
    const records = this.waiting.splice(0)
    this.last = this.writing?.catch(() => undefined) ?? this.last
    this.writing = undefined
    const lines = records.map((record) => JSON.stringify(record) + '\n').join('')
    await this.files.append(workspacePaths.stateJournal, lines)
    this.lines += records.length
    for (const record of records) {
      if (record.op !== 'attempt') this.isFoldDue = true
      applyRecord(this.state, this.pending, record)
    }
  }

  /** Commits changes of several files and makes them. After the first step they will happen, crash or not. */
  async swap(...records: SwapRecord[]): Promise<void> {
    if (records.length === 0) return
    await this.commit(...records)
    for (const record of records) await this.carryOut(record)
    await this.commit(...records.map(({name}) => ({op: 'done', name}) as const))
  }

  /** A field outside the tables changed: the next `close` rewrites the file. */
  markChanged(): void {
    this.isFoldDue = true
  }

  /** Whether every swap was carried out: no file waits for its place. */
  get isSettled(): boolean {
    return this.pending.size === 0
  }

  /** Writes `sync_state.json` when there is something to write, and drops the journal. */
  async close(): Promise<void> {
    await this.last
    // What waits for its place is known by the journal alone; the next run moves it there.
    if (!this.isSettled) return
    if (this.isFoldDue || this.lines > MAX_IDLE_LINES) await this.fold()
  }

  private async carryOut(swap: SwapRecord): Promise<void> {
    for (const path of swap.removes) await this.files.remove(path)
    for (const [from, to] of swap.renames)
      if (await this.files.stat(from)) await this.files.install(from, to)
  }

  private async fold(): Promise<void> {
    await this.files.writeAtomic(workspacePaths.state, encodeDocument(this.state, this.keep))
    await this.files.remove(workspacePaths.stateJournal)
    this.pending.clear()
    this.lines = 0
    this.isFoldDue = false
  }
}
