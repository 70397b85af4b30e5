import {z} from 'zod/mini'
import {fromErrorDocument, toAgnesError, toErrorDocument, TooLargeError} from '../errors.js'
import {answerRows, type RowsRequest} from './answer-rows.js'
import type {Answer, McpSurroundings} from './tool.js'

/** Longer than any sensible question to local tables takes; a runaway one is ended then. */
const TIME_MS = 60_000
/** Beside what the engine may take: Node, the engine itself, the rows on their way. */
const OVERHEAD_BYTES = 2 ** 30

const Told = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.nullable(z.string()),
    retryable: z.boolean(),
    details: z.record(z.string(), z.unknown()),
  }),
})

/**
 * A local query in a process of its own: SQL of a model may ask for more memory in one step than the
 * engine can refuse, and the server has to live on. `TooLargeError` (codes `query_too_big`,
 * `query_too_long`) when it had to be ended.
 */
export async function answerLocally(
  request: RowsRequest,
  {around, workspace}: {around: McpSurroundings; workspace: string | undefined},
  signal: AbortSignal,
): Promise<Answer> {
  const {root} = await around.findWorkspace(workspace)
  const {queryMemoryMb, mcpMaxOutputChars} = around.env
  const {exitCode, answer, stopped} = await around.runGuarded(
    {
      argv: ['mcp', '--answer', '--workspace', root],
      input: JSON.stringify(request),
      maxMemoryBytes: queryMemoryMb * 2 ** 20 + OVERHEAD_BYTES,
      maxAnswerBytes: mcpMaxOutputChars * 8 + 2 ** 20,
      timeoutMs: TIME_MS,
    },
    signal,
  )
  if (stopped === 'time')
    throw new TooLargeError('The query ran for a minute without an end and was stopped.', {
      code: 'query_too_long',
      hint: 'Filter or aggregate earlier, and look for a join without a condition.',
    })
  if (stopped === 'memory' || answer === '')
    throw new TooLargeError('The query needed more memory than it may take and was stopped.', {
      code: 'query_too_big',
      hint: 'Aggregate or filter in SQL, and build no long texts or lists.',
    })
  const document: unknown = JSON.parse(answer)
  if (exitCode === 0) return document as Answer
  throw fromErrorDocument(Told.parse(document), exitCode)
}

/** The other side: reads a request, and says its answer or its failure as one JSON document. */
export async function sayAnswer(
  input: string,
  place: {around: McpSurroundings; workspace: string | undefined},
  signal: AbortSignal,
): Promise<{document: object; exitCode: number}> {
  try {
    const request = JSON.parse(input) as RowsRequest
    return {document: await answerRows(request, place, signal), exitCode: 0}
  } catch (error) {
    const failure = toAgnesError(error)
    return {document: toErrorDocument(failure), exitCode: failure.exitCode}
  }
}
