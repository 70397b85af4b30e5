import {StringDecoder} from 'node:string_decoder'
import {InterruptedError} from '../errors.js'
import type {Streams} from '../ports/streams.js'

type TerminalInput = Streams['in'] & {setRawMode?: (isRaw: boolean) => void}

/** Asks on stderr and reads one line that is not echoed. Call it only where stdin and stderr are terminals. */
export async function promptSecret(
  streams: Streams,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  const input: TerminalInput = streams.in
  await streams.err.write(question)
  input.setRawMode?.(true)
  try {
    return await readLine(input, signal)
  } finally {
    input.setRawMode?.(false)
    input.pause()
    await streams.err.write('\n')
  }
}

/** Asks on stderr and reads one line, shown as it is typed. Call it only where stdin and stderr are terminals. */
export async function promptLine(
  streams: Streams,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  await streams.err.write(question)
  try {
    return await readLine(streams.in, signal)
  } finally {
    streams.in.pause()
  }
}

function readLine(input: TerminalInput, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    let line = ''
    const finish = (settle: () => void) => {
      input.off('data', onData).off('end', onEnd)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => finish(() => reject(signal.reason as Error))
    const onEnd = () => finish(() => resolve(line))
    const onData = (chunk: Buffer | string) => {
      const characters = [...(typeof chunk === 'string' ? chunk : decoder.write(chunk))]
      for (const [index, character] of characters.entries()) {
        if (character === '\r' || character === '\n' || character === '\u0004') {
          // Pasted lines come at once: what follows is for the next question.
          const rest = characters.slice(index + 1).join('')
          input.pause()
          if (rest !== '') input.unshift(Buffer.from(rest))
          return onEnd()
        }
        // In raw mode Ctrl-C is a character, not a signal.
        if (character === '\u0003') return finish(() => reject(new InterruptedError('SIGINT')))
        line = character === '\u007F' || character === '\b' ? line.slice(0, -1) : line + character
      }
    }
    // The question before left it paused, and a listener alone does not change that.
    input.on('data', onData).on('end', onEnd).resume()
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}

/** All of stdin, for `--token-stdin`. */
export async function readAll(input: Streams['in'], signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  const onAbort = () => input.destroy(signal.reason as Error)
  signal.addEventListener('abort', onAbort)
  try {
    for await (const chunk of input) chunks.push(Buffer.from(chunk as string))
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  return Buffer.concat(chunks).toString('utf8')
}
