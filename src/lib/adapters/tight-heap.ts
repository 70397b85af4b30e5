import {setFlagsFromString} from 'node:v8'

/**
 * Rows that stream by leave garbage at the rate of a disk, and V8 lets it pile up to twice what lives
 * before it looks. While long results are read it looks sooner: 25 MB less at ten million rows for a
 * tenth of the processor time (docs/decisions/0603-memory-of-long-results.md). Afterwards V8's own rule
 * holds again.
 */
const GROWTH_PERCENT = 10

let held = 0

/** Returns what lets go; to be called once. */
export function holdHeapTight(): () => void {
  if (held++ === 0) setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  return () => {
    if (--held === 0) setFlagsFromString('--heap-growing-percent=0')
  }
}
