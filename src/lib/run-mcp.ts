import {createMcpFront} from './context/mcp-front.js'
import {InterruptedError} from './errors.js'

/**
 * The fast path of `agnes mcp`: this process only starts the one that serves and hands on its signals, so
 * it loads nothing else. False where the command is to be run: for help, and for words it does not know.
 */
export async function answerMcp(words: readonly string[]): Promise<boolean> {
  if (!isPlain(words)) return false
  const {serve, onSignal, exit, setExitCode} = createMcpFront()
  const stop = new AbortController()
  const off = onSignal((signal) => {
    const reason = new InterruptedError(signal)
    if (stop.signal.aborted) exit(reason.exitCode)
    stop.abort(reason)
  })
  try {
    setExitCode(await serve(words, stop.signal))
    return true
  } catch {
    // It could not be started: the command says why.
    return false
  } finally {
    off()
  }
}

/** Only what a client's configuration has: a mode, a workspace; whether they are right is said by who serves. */
export function isPlain(words: readonly string[]): boolean {
  for (let index = 0; index < words.length; index++) {
    const [, separator] = /^--(?:mode|workspace)(=|$)/.exec(words[index]!) ?? []
    if (separator === undefined) return false
    if (separator === '' && words[++index] === undefined) return false
  }
  return true
}
