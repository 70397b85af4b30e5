/** One line of a file, without its newline. */
export interface FileLine {
  bytes: Buffer
  /** Where the next line begins. */
  nextAt: number
  /** False for what stands after the last newline. */
  isTerminated: boolean
}

const NEWLINE = 10

/** A line longer than the caller allows. */
export class LineTooLong extends Error {
  constructor(readonly lineNumber: number) {
    super(`Line ${lineNumber} is too long.`)
  }
}

/**
 * Splits bytes into lines, holding one line at a time.
 * @throws LineTooLong as soon as a line passes `maxLineBytes`
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<FileLine> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let nextAt = 0
  let lineNumber = 1
  const take = (last: Buffer): Buffer => {
    const bytes = pending.length === 0 ? last : Buffer.concat([...pending, last])
    pending = []
    pendingBytes = 0
    return bytes
  }
  for await (const chunk of chunks) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let at = buffer.indexOf(NEWLINE); at !== -1; at = buffer.indexOf(NEWLINE, from)) {
      if (pendingBytes + at - from > maxLineBytes) throw new LineTooLong(lineNumber)
      const bytes = take(buffer.subarray(from, at))
      nextAt += bytes.length + 1
      from = at + 1
      yield {bytes, nextAt, isTerminated: true}
      lineNumber++
    }
    if (from === buffer.length) continue
    pending.push(buffer.subarray(from))
    pendingBytes += buffer.length - from
    if (pendingBytes > maxLineBytes) throw new LineTooLong(lineNumber)
  }
  if (pendingBytes === 0) return
  const bytes = take(Buffer.alloc(0))
  yield {bytes, nextAt: nextAt + bytes.length, isTerminated: false}
}
