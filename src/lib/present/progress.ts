import type {Clock} from '../ports/clock.js'
import type {ProgressEvent} from '../ports/progress.js'
import type {OutputStream} from '../ports/streams.js'
import {progressText, ProgressSums, type ProgressPrinter} from './progress-sums.js'
import {sanitizeLine} from './sanitize.js'

/** `live` redraws a terminal, `plain` writes a line now and then, `off` says nothing. */
export type ProgressMode = 'live' | 'plain' | 'off'

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
