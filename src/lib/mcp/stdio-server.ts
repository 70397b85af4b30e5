/**
 * The MCP server: the verbs of the command line for agents, on rails. Vocabulary: a *tool* is one verb; a
 * *look* is a read that entitles to one change, by its *handle*; the *mode* says which tools there are.
 * This room calls the services the commands call. It must not print: standard output carries frames, and
 * nothing but this file and the library below it writes them.
 */
import type {Readable, Writable} from 'node:stream'
import {
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import {serveStdio, StdioServerTransport} from '@modelcontextprotocol/server/stdio'
import pLimit from 'p-limit'
import {AgnesError, InterruptedError} from '../errors.js'
import type {Desk} from './call-tool.js'
import {HandleBook} from './handles.js'
import {noteLeftBehind} from './journaled.js'
import {OwnSecrets} from './own-secrets.js'
import type {Mode} from './policy.js'
import {withProgress} from './progress.js'
import {getPrompt, listPrompts} from './prompts.js'
import {listResources, readResource} from './resources.js'
import {DATA_NOTICE} from './shape-answer.js'
import type {McpSurroundings} from './tool.js'

export interface ServeOptions {
  mode: Mode
  /** As given with `--workspace`. */
  workspace: string | undefined
  input: Readable
  /** Frames go here and nowhere else. */
  output: Writable
}

/** Calls at work at the same time; the others wait their turn. */
const AT_ONCE = 4
/** One frame of a client; no argument of ours needs as much. */
const MAX_FRAME_BYTES = 4 * 2 ** 20

/** Serves one client until its side closes or `signal` aborts; work under way is cancelled then. */
export async function serveMcp(
  around: McpSurroundings,
  options: ServeOptions,
  signal: AbortSignal,
): Promise<void> {
  const {mode, workspace, input, output} = options
  const {clock, random, logger} = around
  const secrets = new OwnSecrets({around, workspace})
  const desk: Desk = {around, mode, workspace, handles: new HandleBook({clock, random}), secrets}
  const transport = new StdioServerTransport(input, output, {maxBufferSize: MAX_FRAME_BYTES})
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>([noteLeftBehind(around, workspace)])
  const handle = serveStdio(() => createServer(desk, {until: stop.signal, running}), {
    transport,
    onerror: (error) => logger.warn('mcp_connection', {message: error.message}),
  })
  await new Promise<void>((resolve) => {
    const finish = () => void handle.close().finally(resolve)
    for (const event of ['end', 'close', 'error']) input.once(event, finish)
    for (const event of ['close', 'error']) output.once(event, finish)
    signal.addEventListener('abort', finish, {once: true})
    if (signal.aborted) finish()
  })
  // What was cut short by this is nobody's any more; the journal notes it as cancelled.
  stop.abort(new InterruptedError('SIGTERM'))
  await Promise.allSettled(running)
  input.destroy()
}

function createServer(
  desk: Desk,
  {until, running}: {until: AbortSignal; running: Set<Promise<unknown>>},
): Server {
  const server = new Server(
    {name: 'agnes', version: desk.around.version},
    {capabilities: {tools: {}, resources: {}, prompts: {}}, instructions: instructions(desk.mode)},
  )
  const limit = pLimit(AT_ONCE)
  const during = <T>(ctx: ServerContext, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.any([ctx.mcpReq.signal, until])
    const turn = limit(() => work(signal)).catch(asProtocolError)
    running.add(turn)
    return turn.finally(() => running.delete(turn))
  }
  const call = (ctx: ServerContext, name: string, input: unknown) =>
    during(ctx, async (signal) => {
      const {callTool} = await import('./call-tool.js')
      return withProgress(ctx, desk.around.clock, (report) =>
        callTool(desk, {name, input, client: clientOf(server), report}, signal),
      )
    })
  // Tools bring all that the verbs need with them: the greeting is answered before they are loaded.
  server.setRequestHandler('tools/list', async () => {
    const {listTools} = await import('./list-tools.js')
    return {tools: listTools(desk.mode)}
  })
  server.setRequestHandler('tools/call', ({params}, ctx) =>
    call(ctx, params.name, params.arguments),
  )
  server.setRequestHandler('resources/list', () => ({resources: listResources()}))
  server.setRequestHandler('resources/templates/list', () => ({resourceTemplates: []}))
  server.setRequestHandler('resources/read', ({params}, ctx) =>
    during(ctx, (signal) =>
      readResource(params.uri, {desk, client: clientOf(server), report() {}}, signal),
    ),
  )
  server.setRequestHandler('prompts/list', () => ({prompts: listPrompts()}))
  server.setRequestHandler('prompts/get', ({params}, ctx) =>
    during(ctx, () => getPrompt(params.name, params.arguments ?? {}, desk.around)),
  )
  return server
}

function instructions(mode: Mode): string {
  const change =
    mode === 'read'
      ? 'A remote query needs the handle of an estimate of it.'
      : 'What changes or costs needs the handle of a look at the same thing, and a reason.'
  return (
    'Company data of an Agnes workspace. Order: catalog and metrics, then schema, then query on this ' +
    `computer; only then the server. ${change} ${DATA_NOTICE}`
  )
}

function clientOf(server: Server): string | null {
  const info = server.getClientVersion()
  return info ? `${info.name} ${info.version}`.slice(0, 200) : null
}

/** Outside of tools, where an answer cannot carry the advice. */
function asProtocolError(error: unknown): never {
  if (!(error instanceof AgnesError)) throw error
  const {code, message, hint} = error
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, message, {code, hint: hint ?? null})
}
