import type {Readable} from 'node:stream'
import {setFlagsFromString} from 'node:v8'

/**
 * Every chunk of a body is memory outside V8's heap. With a small heap V8 takes the steady flow of them
 * for growth and marks everything every 10 MB: a third of the processor time of a big download
 * (docs/decisions/0302-heap-while-streaming.md). While bodies are open the heap may grow further
 * before it is marked; afterwards V8's own rule holds again.
 */
const GROWTH_PERCENT = 500

let open = 0

export function watchHeapOf(body: Readable): void {
  if (open++ === 0) setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  body.once('close', () => {
    if (--open === 0) setFlagsFromString('--heap-growing-percent=0')
  })
}
