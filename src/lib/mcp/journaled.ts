import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {AgnesError, toAgnesError} from '../errors.js'
import {DecisionJournal, type DecisionEnd} from '../journal/decision-journal.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {cleanValue} from './shape-answer.js'
import type {Answer, McpSurroundings, Tool, ToolResult} from './tool.js'

export interface Journaled {
  tool: Tool
  mode: string
  /** As the client calls itself. */
  client: string | null
  why: string | null
  seen: unknown
  did: unknown
}

/**
 * Writes down what is about to be done, does it, and writes down how it went. What cannot be written down
 * is not done; a result that cannot be is still given, as it happened.
 */
export async function journaled(
  {tool, ...decision}: Journaled,
  place: {around: McpSurroundings; workspace: string | undefined},
  work: () => Promise<ToolResult>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const {around} = place
  const {root} = await around.findWorkspace(place.workspace)
  const {clock, random, logger} = around
  const workspace = around.filesAt(root)
  const journal = new DecisionJournal({workspace, clock, random})
  const who = await whoAsks(around, await readWorkspaceServer(workspace))
  const startedMs = clock.monotonicMs()
  const clean = cleanValue(decision) as typeof decision
  const id = await journal.begin({...who, action: tool.name, ...clean})
  const end = (how: Omit<DecisionEnd, 'durationMs'>) =>
    journal
      .end(id, {...how, durationMs: Math.round(clock.monotonicMs() - startedMs)})
      .catch((error: unknown) => logger.error('journal_end_failed', {id, error: String(error)}))
  try {
    const result = await work()
    const outcome = cleanValue(withoutLists(result.answer, tool.lists))
    await end({result: 'done', code: null, message: null, outcome})
    return result
  } catch (error) {
    const {code, message} = toAgnesError(error)
    const told = cleanValue({code, message}) as {code: string; message: string}
    await end({result: signal.aborted ? 'cancelled' : 'failed', ...told, outcome: null})
    throw error
  }
}

function withoutLists(answer: Answer, lists: readonly string[]): Answer {
  const kept = Object.entries(answer).map(([key, value]): [string, unknown] => [
    key,
    lists.includes(key) && Array.isArray(value) && key !== 'dropped' && key !== 'changes'
      ? `${value.length} in all`
      : value,
  ])
  return Object.fromEntries(kept)
}

async function whoAsks(
  around: McpSurroundings,
  workspaceServer: string | undefined,
): Promise<{user: string | null; server: string | null}> {
  try {
    const server = await around.serverOrigin(workspaceServer)
    const found = await findSecret(await around.secrets(), server)
    const email = found && (decodeToken(found.secret.token).email ?? found.secret.email)
    return {user: email || null, server}
  } catch (error) {
    // Who asks is noted as far as it is known; the call itself says what is wrong with the sign-in.
    if (error instanceof AgnesError) return {user: null, server: null}
    throw error
  }
}
