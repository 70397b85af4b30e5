import {createHash} from 'node:crypto'
import {createServer, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {onTestFinished} from 'vitest'

/**
 * A scripted Messages API on a free loopback port, for the real Claude Code client with
 * `ANTHROPIC_BASE_URL`. Each request that offers tools is a turn of the conversation and takes the next
 * reply of the script; once the script is used up, and for the client's own side questions (titles,
 * summaries), the answer is `Done.`
 *
 *     const api = await startMessagesApi([
 *       {tool: 'Bash', input: {command: 'agnes status --json'}},
 *       'The tables are fresh.',
 *     ])
 *     …
 *     expect(api.turns[0].text).toContain('…')           // what the model was told
 *     expect(api.turns[1].toolResults[0]).toContain('…') // what the tool answered
 */
export interface MessagesApi {
  readonly url: string
  /** Requests that took a reply of the script, in order. */
  readonly turns: readonly Turn[]
  /** `METHOD /path` of everything else that was asked. */
  readonly others: readonly string[]
}

/** What the model says: a text, or one tool to use. */
export type Reply = string | {tool: string; input: Record<string, unknown>}

export interface Turn {
  model: string
  /** Every text of the request: system prompt and all messages, a line each. */
  text: string
  /** Names of the tools on offer. */
  tools: string[]
  /** Texts of the results of tools in the newest message. */
  toolResults: string[]
}

interface Block {
  type: string
  text?: string
  content?: string | Block[]
}

interface MessagesRequest {
  model: string
  stream?: boolean
  system?: string | Block[]
  messages: {role: string; content: string | Block[]}[]
  tools?: {name: string}[]
}

const PAST_THE_SCRIPT = 'Done.'

/** Closed when the test ends. */
export async function startMessagesApi(script: readonly Reply[] = []): Promise<MessagesApi> {
  const turns: Turn[] = []
  const others: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const path = (request.url ?? '/').split('?', 1)[0]
    if (request.method !== 'POST' || path !== '/v1/messages') {
      others.push(`${request.method} ${path}`)
      const isCount = path === '/v1/messages/count_tokens'
      return sendJson(response, isCount ? {input_tokens: 1} : {})
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as MessagesRequest
    const isTurn = (body.tools?.length ?? 0) > 0
    const reply = (isTurn ? script[turns.length] : undefined) ?? PAST_THE_SCRIPT
    if (isTurn) turns.push(readTurn(body))
    if (body.stream) return stream(response, body.model, reply)
    sendJson(response, {...message(body.model), content: [blockOf(reply)], ...stopOf(reply)})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, turns, others}
}

function readTurn({model, system, messages, tools}: MessagesRequest): Turn {
  const all = [system ?? '', ...messages.map(({content}) => content)]
  const newest = messages.at(-1)?.content ?? ''
  const results = typeof newest === 'string' ? [] : newest.filter(isToolResult)
  return {
    model,
    text: all.map(textOf).join('\n'),
    tools: (tools ?? []).map(({name}) => name),
    toolResults: results.map(({content}) => textOf(content ?? '')),
  }
}

function isToolResult({type}: Block): boolean {
  return type === 'tool_result'
}

function textOf(content: string | Block[]): string {
  if (typeof content === 'string') return content
  return content.map(({text, content: inner}) => text ?? textOf(inner ?? '')).join('\n')
}

function message(model: string) {
  return {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model,
    content: [] as object[],
    stop_reason: null,
    stop_sequence: null,
    usage: {input_tokens: 1, output_tokens: 1},
  }
}

function blockOf(reply: Reply): object {
  return typeof reply === 'string'
    ? {type: 'text', text: reply}
    : {type: 'tool_use', id: useId(reply), name: reply.tool, input: reply.input}
}

/** The client keeps one result for each id. */
function useId(reply: Reply): string {
  const hash = createHash('sha256').update(JSON.stringify(reply)).digest('hex')
  return `toolu_${hash.slice(0, 16)}`
}

function stopOf(reply: Reply) {
  return {stop_reason: typeof reply === 'string' ? 'end_turn' : 'tool_use', stop_sequence: null}
}

/** Server-sent events, in the order the API sends them. */
function stream(response: ServerResponse, model: string, reply: Reply): void {
  response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-cache'})
  const send = (type: string, fields: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({type, ...fields})}\n\n`)
  const isText = typeof reply === 'string'
  const empty = isText ? {type: 'text', text: ''} : {...blockOf(reply), input: {}}
  const delta = isText
    ? {type: 'text_delta', text: reply}
    : {type: 'input_json_delta', partial_json: JSON.stringify(reply.input)}
  send('message_start', {message: message(model)})
  send('content_block_start', {index: 0, content_block: empty})
  send('content_block_delta', {index: 0, delta})
  send('content_block_stop', {index: 0})
  send('message_delta', {delta: stopOf(reply), usage: {output_tokens: 1}})
  send('message_stop', {})
  response.end()
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify(body))
}
