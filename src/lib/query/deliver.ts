import type {OutputStream} from '../ports/streams.js'

/** Where bytes of an answer go. */
export type Destination = Pick<OutputStream, 'write' | 'isClosed'>

/** Small pieces cost a system call each; one write of this size keeps memory flat as well. */
const WRITE_BYTES = 64 * 1024

export interface DeliverOptions {
  /** Nothing is written before this many characters or bytes are there, or the answer has ended. */
  holdBack: number
  /** Told once, before the first write. */
  onFirstWrite(): void
}

/** Writes an answer piece by piece and stops, quietly, when the reader has left. */
export async function deliver(
  pieces: AsyncIterable<string | Uint8Array>,
  destination: Destination,
  {holdBack, onFirstWrite}: DeliverOptions,
): Promise<void> {
  let waiting: (string | Uint8Array)[] = []
  let size = 0
  let isStarted = false
  const flush = async () => {
    if (size === 0) return
    if (!isStarted) onFirstWrite()
    isStarted = true
    for (const piece of joined(waiting)) await destination.write(piece)
    waiting = []
    size = 0
  }
  for await (const piece of pieces) {
    waiting.push(piece)
    size += piece.length
    if (size >= (isStarted ? WRITE_BYTES : Math.max(holdBack, WRITE_BYTES))) await flush()
    if (destination.isClosed) return
  }
  await flush()
}

function joined(pieces: (string | Uint8Array)[]): (string | Uint8Array)[] {
  return pieces.every((piece) => typeof piece === 'string') ? [pieces.join('')] : pieces
}
