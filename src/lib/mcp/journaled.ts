import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {AgnesError, toAgnesError} from '../errors.js'
import {workspacePaths} from '../config/paths.js'
import {DecisionJournal, type DecisionEnd} from '../journal/decision-journal.js'
import {inSlot, noteUnfinished} from '../journal/slots.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
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

export interface JournalPlace {
  around: McpSurroundings
  workspace: string | undefined
  clean: (value: unknown) => unknown
}

/**
 * Writes down what is about to be done, does it, and writes down how it went. What cannot be written down
 * is not done; a result that cannot be is still given, as it happened.
 */
export async function journaled(
  {tool, ...decision}: Journaled,
  place: JournalPlace,
  work: () => Promise<ToolResult>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const {around, clean} = place
  const {root} = await around.findWorkspace(place.workspace)
  const {clock, random} = around
  const workspace = around.filesAt(root)
  const journal = new DecisionJournal({workspace, clock, random})
  const who = await whoAsks(around, await readWorkspaceServer(workspace))
  const told = clean(decision) as typeof decision
  return inSlot(slotLock(around, root), async (slot) => {
    const startedMs = clock.monotonicMs()
    const id = await journal.begin({...who, action: tool.name, ...told, slot})
    const end = (how: Omit<DecisionEnd, 'durationMs'>) =>
      endedWith(
        journal,
        {id, durationMs: Math.round(clock.monotonicMs() - startedMs), ...how},
        place,
      )
    try {
      const result = await work()
      const outcome = withoutLists(result.answer, tool.lists)
      await end({result: 'done', code: null, message: null, outcome})
      return result
    } catch (error) {
      const {code, message} = toAgnesError(error)
      const result = signal.aborted ? 'cancelled' : 'failed'
      await end({result, code, message, outcome: null})
      throw error
    }
  })
}

async function endedWith(
  journal: DecisionJournal,
  {id, ...end}: DecisionEnd & {id: string},
  {around, clean}: JournalPlace,
): Promise<void> {
  try {
    await journal.end(id, clean(end) as DecisionEnd)
  } catch (error) {
    around.logger.error('journal_end_failed', {id, error: String(error)})
  }
}

const slotLock = (around: McpSurroundings, root: string) => (slot: number) =>
  around.lockAt(root, `${workspacePaths.decisionLock}-${slot}.lock`)

/** At the start of a server: what others left in the middle. Nothing to do outside a workspace. */
export async function noteLeftBehind(
  around: McpSurroundings,
  workspaceFlag: string | undefined,
): Promise<void> {
  const {clock, random, logger} = around
  try {
    const {root} = await around.findWorkspace(workspaceFlag)
    const deps = {workspace: around.filesAt(root), clock, random}
    await noteUnfinished(deps, slotLock(around, root))
  } catch (error) {
    logger.warn('journal_unfinished', {error: String(error)})
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
