import {z} from 'zod/mini'
import {MissingError, UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Board} from './board.js'
import type {FindingBook} from './findings/finding-book.js'
import type {DaemonStatus, Finding, WorkspaceStatus} from './model.js'
import type {PullOutcome} from './pull-outcome.js'

/** What commands ask the daemon; the answers are the types below. */
const Request = z.discriminatedUnion('op', [
  z.object({op: z.literal('status')}),
  z.object({op: z.literal('freshness'), workspace: z.string()}),
  z.object({op: z.literal('sync'), workspace: z.nullable(z.string()), isWaited: z.boolean()}),
  z.object({op: z.literal('pause'), minutes: z.nullable(z.number().check(z.positive()))}),
  z.object({op: z.literal('resume')}),
  z.object({op: z.literal('decide'), id: z.string(), decision: z.enum(['approved', 'denied'])}),
  z.object({op: z.literal('warm')}),
  z.object({op: z.literal('stop')}),
])
export type DaemonRequest = z.infer<typeof Request>

export interface DaemonAnswers {
  status: DaemonStatus
  /**
   * Of one workspace; `null` when the daemon does not keep it. `isFresh`: the server was asked within two
   * intervals, nothing is wrong or held, and what it has was pulled.
   */
  freshness: {workspace: WorkspaceStatus | null; isFresh: boolean; findings: Finding[]}
  /** One row a workspace; `outcome` is `null` when it was not waited for. */
  sync: {workspaces: {path: string; outcome: PullOutcome | null}[]}
  pause: {pausedUntil: string | null}
  resume: {pausedUntil: string | null}
  decide: {finding: Finding}
  /** False where config.yaml does not want the warm engine. */
  warm: {isWanted: boolean}
  stop: {pid: number}
}

/** What the handler does to the running daemon. */
export interface DaemonControls {
  clock: Clock
  board: Board
  book: FindingBook
  /** Of this process. */
  identity: {pid: number; version: string; startedAt: string}
  /** Pulls a workspace now; `undefined` when it is not kept. */
  pullNow(workspace: string): Promise<PullOutcome> | undefined
  isFresh(workspace: string): boolean
  wakeAll(): void
  /** Starts the process that answers queries; whether it is wanted. */
  wakeEngine(): boolean
  stop(): void
}

/** @throws UsageError for anything that is not a request */
export async function handleRequest(
  controls: DaemonControls,
  message: unknown,
): Promise<DaemonAnswers[DaemonRequest['op']]> {
  const parsed = Request.safeParse(message)
  if (!parsed.success)
    throw new UsageError('The daemon does not know this request.', {
      code: 'unknown_request',
      hint: 'It may be of another version. Run: agnes daemon restart',
    })
  const request = parsed.data
  const {board, book, clock} = controls
  const now = new Date(clock.now()).toISOString()
  switch (request.op) {
    case 'status':
      return readStatus(controls)
    case 'freshness':
      return {
        workspace: board.workspaces.get(request.workspace) ?? null,
        isFresh: controls.isFresh(request.workspace),
        findings: book.list().filter(({workspace}) => workspace === request.workspace),
      }
    case 'sync':
      return sync(controls, request)
    case 'pause':
      board.pause(request.minutes === null ? Infinity : clock.now() + request.minutes * 60_000)
      return {pausedUntil: board.pausedUntil}
    case 'resume':
      board.resume()
      controls.wakeAll()
      return {pausedUntil: board.pausedUntil}
    case 'decide': {
      const finding = await book.decide(request.id, request.decision, now)
      controls.wakeAll()
      return {finding}
    }
    case 'warm':
      return {isWanted: controls.wakeEngine()}
    case 'stop':
      controls.stop()
      return {pid: controls.identity.pid}
  }
}

function readStatus({board, book, identity}: DaemonControls): DaemonStatus {
  return {
    ...identity,
    pausedUntil: board.pausedUntil,
    workspaces: [...board.workspaces.values()],
    servers: [...board.servers.values()],
    findings: book.list(),
  }
}

async function sync(
  {board, pullNow}: DaemonControls,
  {workspace, isWaited}: {workspace: string | null; isWaited: boolean},
): Promise<DaemonAnswers['sync']> {
  const paths = workspace === null ? [...board.workspaces.keys()] : [workspace]
  const rows = paths.map((path) => {
    const outcome = pullNow(path)
    if (outcome) return {path, outcome}
    throw new MissingError(`The daemon does not keep ${path}.`, {
      code: 'workspace_not_kept',
      hint: 'It keeps the workspaces `agnes init` made. See them with: agnes daemon status',
    })
  })
  const outcomes = rows.map(async ({path, outcome}) => ({
    path,
    outcome: isWaited ? await outcome : null,
  }))
  return {workspaces: await Promise.all(outcomes)}
}
