import type {Clock} from '../ports/clock.js'
import type {OnProgress, ProgressEvent} from '../ports/progress.js'
import type {OutputStream} from '../ports/streams.js'
import {bytesText} from './amounts.js'
import {sanitizeLine} from './sanitize.js'

/** Shows what long work tells. `close` leaves the terminal clean and may be called twice. */
export interface ProgressPrinter {
  onProgress: OnProgress
  close(): Promise<void>
}

/** `live` redraws a terminal, `plain` writes a line now and then, `off` says nothing. */
export type ProgressMode = 'live' | 'plain' | 'off'

export interface Totals {
  tables: number
  doneTables: number
  failedTables: number
  bytes: number
  doneBytes: number
  /** Names being worked on, oldest first. */
  active: string[]
}

/** Adds the events up. Pure but for its own sums; bytes never count past what was announced. */
export class ProgressSums {
  private readonly items = new Map<string, {total: number; done: number; isOver: boolean}>()
  private failed = 0

  add(event: ProgressEvent): Totals {
    if (event.kind === 'start')
      this.items.set(event.id, {total: event.totalBytes ?? 0, done: 0, isOver: false})
    const item = event.kind === 'phase' ? undefined : this.items.get(event.id)
    if (item && event.kind === 'advance') {
      item.done = event.doneBytes
      item.total = Math.max(item.total, item.done)
    }
    if (item && event.kind === 'end') {
      item.isOver = true
      if (event.outcome === 'done') item.done = item.total
    }
    if (event.kind === 'end' && event.outcome === 'failed') this.failed++
    return this.totals()
  }

  private totals(): Totals {
    const totals = {tables: 0, doneTables: 0, failedTables: this.failed, bytes: 0, doneBytes: 0}
    const active: string[] = []
    for (const [id, item] of this.items) {
      totals.tables++
      totals.bytes += item.total
      totals.doneBytes += item.done
      if (item.isOver) totals.doneTables++
      else active.push(id)
    }
    return {...totals, active}
  }
}

const STEP_PERCENT = 10
const STEP_BYTES = 1_048_576
const STEP_MS = 5_000

/** One line per 10 % (of at least 1 MiB) or per 5 s, so that nobody thinks a quiet pull is stuck. */
export function plainProgress(err: OutputStream, clock: Clock): ProgressPrinter {
  const sums = new ProgressSums()
  let last = {bytes: 0, ms: clock.monotonicMs(), percent: 0}
  const onProgress = (event: ProgressEvent) => {
    if (event.kind === 'phase') return void err.write(`${sanitizeLine(event.title)}\n`)
    const totals = sums.add(event)
    const {doneBytes, bytes} = totals
    const percent = bytes === 0 ? 0 : Math.floor((doneBytes / bytes) * 100)
    const isStep = percent >= last.percent + STEP_PERCENT && doneBytes >= last.bytes + STEP_BYTES
    const isTime = clock.monotonicMs() >= last.ms + STEP_MS && doneBytes !== last.bytes
    if (!isStep && !isTime) return
    last = {bytes: doneBytes, ms: clock.monotonicMs(), percent}
    void err.write(`${progressText(totals)}\n`)
  }
  return {onProgress, close: async () => {}}
}

export function progressText({doneBytes, bytes, active}: Totals): string {
  const percent = bytes === 0 ? 0 : Math.floor((doneBytes / bytes) * 100)
  const names = active.slice(0, 3).map(sanitizeLine).join(', ')
  const more = active.length > 3 ? ` and ${active.length - 3} more` : ''
  const what = names === '' ? '' : `: ${names}${more}`
  return `${percent} % (${bytesText(doneBytes)} of ${bytesText(bytes)})${what}`
}

/** The printer for a stream. listr2 is loaded when the first table starts, never for a pull with nothing to do. */
export function openProgress(err: OutputStream, clock: Clock, mode: ProgressMode): ProgressPrinter {
  if (mode === 'off') return {onProgress: () => {}, close: async () => {}}
  if (mode === 'plain') return plainProgress(err, clock)
  let live: Promise<ProgressPrinter> | undefined
  return {
    onProgress(event) {
      if (event.kind === 'phase' && !live) return
      live ??= import('./progress-live.js').then(({liveProgress}) => liveProgress(err))
      void live.then((printer) => printer.onProgress(event))
    },
    close: async () => (await live)?.close(),
  }
}
