import type {OnProgress, ProgressEvent} from '../ports/progress.js'
import {bytesText} from './amounts.js'
import {sanitizeLine} from './sanitize.js'

/** Shows what long work tells. `close` leaves the terminal clean and may be called twice. */
export interface ProgressPrinter {
  onProgress: OnProgress
  close(): Promise<void>
}

export interface Totals {
  tables: number
  doneTables: number
  failedTables: number
  bytes: number
  doneBytes: number
  /** Names being worked on, oldest first. */
  active: string[]
}

/** Adds the events up. Bytes never count past what was announced. */
export class ProgressSums {
  private readonly active = new Map<string, {total: number; done: number}>()
  private planned = {items: 0, bytes: 0}
  private started = {items: 0, bytes: 0}
  private over = {items: 0, failed: 0, bytes: 0}

  add(event: ProgressEvent): Totals {
    if (event.kind === 'plan') this.planned = {items: event.items, bytes: event.totalBytes}
    if (event.kind === 'start') {
      const total = event.totalBytes ?? 0
      this.active.set(event.id, {total, done: 0})
      this.started = {items: this.started.items + 1, bytes: this.started.bytes + total}
    }
    if (event.kind === 'advance' || event.kind === 'end') this.move(event)
    return this.totals()
  }

  private move(event: Extract<ProgressEvent, {kind: 'advance' | 'end'}>): void {
    const item = this.active.get(event.id)
    if (event.kind === 'advance') {
      if (item) item.done = Math.min(event.doneBytes, item.total || event.doneBytes)
      return
    }
    this.active.delete(event.id)
    this.over.items++
    if (event.outcome === 'failed') this.over.failed++
    this.over.bytes += item?.total ?? 0
  }

  private totals(): Totals {
    const moving = [...this.active.values()].reduce((sum, {done}) => sum + done, 0)
    return {
      tables: Math.max(this.planned.items, this.started.items),
      doneTables: this.over.items,
      failedTables: this.over.failed,
      bytes: Math.max(this.planned.bytes, this.started.bytes),
      doneBytes: this.over.bytes + moving,
      active: [...this.active.keys()],
    }
  }
}

export function progressText({doneBytes, bytes, active}: Totals): string {
  const percent = bytes === 0 ? 0 : Math.floor((doneBytes / bytes) * 100)
  const names = active.slice(0, 3).map(sanitizeLine).join(', ')
  const more = active.length > 3 ? ` and ${active.length - 3} more` : ''
  const what = names === '' ? '' : `: ${names}${more}`
  return `${percent} % (${bytesText(doneBytes)} of ${bytesText(bytes)})${what}`
}
