import {ForbiddenError, toAgnesError, UsageError} from '../errors.js'
import {toolOf} from './all-tools.js'
import {readArguments} from './arguments.js'
import type {HandleBook} from './handles.js'
import {journaled} from './journaled.js'
import {hintFor} from './hint-for.js'
import type {OwnSecrets} from './own-secrets.js'
import {isAllowed, isToolName, policyOf, type Mode} from './policy.js'
import {cleanValue, shapeAnswer} from './shape-answer.js'
import {toolError} from './tool-error.js'
import type {Answer, McpSurroundings, Tool, ToolDeps, ToolResult} from './tool.js'

/** What all calls of one server share. */
export interface Desk {
  around: McpSurroundings
  mode: Mode
  /** As given with `--workspace`. */
  workspace: string | undefined
  handles: HandleBook
  secrets: OwnSecrets
}

export interface Call {
  name: string
  input: unknown
  /** As the client calls itself; `null` when it does not. */
  client: string | null
  report: ToolDeps['report']
}

/**
 * One call, from untrusted arguments to an answer a model may read: allowed in this mode, well formed,
 * looked at before where the policy says so, written down, kept short. Every failure is an answer as well.
 */
export async function callTool(desk: Desk, call: Call, signal: AbortSignal) {
  const {mcpMaxOutputChars: maxChars} = desk.around.env
  try {
    const tool = allowedTool(desk, call.name)
    const input: unknown = readArguments(tool, call.input)
    const {answer, offer} = await enforced(desk, {tool, input, call}, signal)
    const forms = await desk.secrets.forms()
    const limits = {maxChars: maxChars - HANDLE_CHARS, ...tool, forms}
    const shaped = shapeAnswer(forTools(answer, desk.mode), limits)
    const look = offer ? desk.handles.issue(tool.name, offer) : {}
    return succeeded({...shaped, ...look})
  } catch (error) {
    const forms = await desk.secrets.forms()
    const {mode} = desk
    return toolError(toAgnesError(signal.aborted ? signal.reason : error), {mode, maxChars, forms})
  }
}

/** Room for what is added after an answer was shortened. */
const HANDLE_CHARS = 200

/** Services advise people at a command line. */
function forTools(answer: Answer, mode: Mode): Answer {
  const turned = (said: unknown): unknown =>
    typeof said === 'string' ? hintFor(said, mode) : Array.isArray(said) ? said.map(step) : said
  const step = (one: unknown): unknown => {
    if (typeof one === 'string') return hintFor(one, mode)
    const {fix} = one as {fix?: unknown}
    return fix === undefined ? one : {...(one as object), fix: turned(fix)}
  }
  const keys = ['advice', 'notes', 'warnings', 'steps'].filter((key) => key in answer)
  return {...answer, ...Object.fromEntries(keys.map((key) => [key, turned(answer[key])]))}
}

function succeeded(structuredContent: Answer) {
  const text = JSON.stringify(structuredContent)
  return {content: [{type: 'text' as const, text}], structuredContent}
}

function allowedTool({mode}: Desk, name: string): Tool {
  if (!isToolName(name))
    throw new UsageError('There is no such tool.', {
      code: 'tool_unknown',
      hint: 'Call one that tools/list names.',
    })
  if (isAllowed(name, mode)) return toolOf(name)
  throw new ForbiddenError(`${name} is not available in mode ${mode}.`, {
    code: 'tool_not_in_mode',
    hint: `Ask the person to start the server with --mode ${policyOf(name).mode}, if that is wanted.`,
  })
}

interface Checked {
  tool: Tool
  input: unknown
  call: Call
}

/** Looks and journal, as the policy table says. */
async function enforced(
  desk: Desk,
  {tool, input, call}: Checked,
  signal: AbortSignal,
): Promise<ToolResult> {
  const {look, journal} = policyOf(tool.name)
  const {handle, reason, ...did} = input as Answer & {handle?: string; reason?: string}
  const subject = look === null ? null : (tool.subject!(input as never) ?? null)
  const needsLook = look !== null && subject !== null
  if (needsLook && handle !== undefined && reason === undefined) throw noReason(tool)
  const seen = needsLook ? desk.handles.redeem(handle, {tool: tool.name, look, subject}) : null
  const {around, workspace} = desk
  const deps = {around, workspace, seen, report: call.report}
  const work = () => tool.run(input as never, deps, signal)
  if (journal === 'none' || (journal === 'subject' && subject === null)) return work()
  const why = reason ?? null
  const decision = {tool, mode: desk.mode, client: call.client, why, seen, did}
  const forms = await desk.secrets.forms()
  const clean = (value: unknown) => cleanValue(value, {forms, longTexts: 0})
  return journaled(decision, {around, workspace, clean}, work, signal)
}

function noReason({name}: Tool): UsageError {
  return new UsageError(`${name} is written down with a reason, and none is given.`, {
    code: 'reason_missing',
    hint: 'Call it again with the same handle and a reason: what the person asked for, in a sentence.',
  })
}
