import {createQueryContext} from './context/query-context.js'
import {InterruptedError, UnreachableError, type AgnesError} from './errors.js'
import type {WarmConnection} from './ports/query-engine.js'
import {errorText} from './present/error-text.js'
import {plainQuery} from './query/plain-query.js'

type QueryContext = ReturnType<typeof createQueryContext>
type Place = ReturnType<QueryContext['readPlace']>

/** A daemon that is slower than this helps nobody. */
const WAKE_MS = 30
/** SQL longer than this is not worth sending about. */
const MOST_CHARS = 1024 * 1024

/**
 * The fast path of `agnes query`: the daemon's warm engine runs the command, and this process copies what
 * it writes. False where the query is to be answered here: there is no engine, it is busy or of another
 * version, it has to ask a server, or it ended before it wrote anything.
 */
export async function answerQuery(argv: string[]): Promise<boolean> {
  const plain = plainQuery(argv)
  if (!plain) return false
  const context = createQueryContext()
  const {env} = context
  if (env.noWarmQueries || env.debug) return false
  if (plain.readsStdin && context.streams.in.isTTY) return false
  const place = readPlace(context)
  if (!place) return false
  const connection = await context.engine.connect(context.version).catch(() => 'busy' as const)
  if (connection === 'busy') return false
  if (connection === 'none') {
    await wakeEngine(context)
    return false
  }
  try {
    return await copyAnswer({argv, place, ...plain}, context, connection)
  } finally {
    connection.close()
  }
}

/** `undefined` where the working folder is gone: the command says so. */
function readPlace(context: QueryContext): Place | undefined {
  try {
    return context.readPlace()
  } catch {
    // Whatever it is, the command meets it too.
    return undefined
  }
}

async function copyAnswer(
  {argv, place, readsStdin}: {argv: string[]; place: Place; readsStdin: boolean},
  context: QueryContext,
  connection: WarmConnection,
): Promise<boolean> {
  const {streams} = context
  let stopped: InterruptedError | undefined
  const off = context.onSignal((signal) => {
    if (stopped) context.exit(stopped.exitCode)
    stopped = new InterruptedError(signal)
    connection.stop(signal)
  })
  try {
    const stdin = readsStdin ? await readAll(streams.in) : ''
    const out = factsOf(streams.out)
    const err = factsOf(streams.err)
    const isSent = stdin.length + argv.join('').length <= MOST_CHARS
    const outcome = isSent
      ? await connection.ask({argv, ...place, stdin, out, err}, streams)
      : 'cold'
    if (outcome === 'cut') await fail(stopped ?? cut(), context)
    else if (outcome !== 'cold') context.setExitCode(outcome.exitCode)
    else if (stopped) await fail(stopped, context)
    else {
      if (readsStdin) context.putBackStdin(stdin)
      return false
    }
    return true
  } finally {
    off()
  }
}

/** The next query finds it. Without a daemon, or with one of another version, there is none. */
async function wakeEngine({controlSocket}: QueryContext): Promise<void> {
  await controlSocket.request({op: 'warm'}, WAKE_MS).catch(() => undefined)
}

async function fail(error: AgnesError, {streams, env, setExitCode}: QueryContext): Promise<void> {
  setExitCode(error.exitCode)
  await streams.err.write(errorText(error, streams.err, env.debug))
}

function cut(): UnreachableError {
  return new UnreachableError('The daemon ended in the middle of the answer: it is not whole.', {
    code: 'answer_cut',
    hint: 'Run the query again: it is answered without the daemon then.',
  })
}

function factsOf({isTty, hasColor, columns}: QueryContext['streams']['out']) {
  return {isTty, hasColor, columns}
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
