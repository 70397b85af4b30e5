import {AuthError, MissingError, QueryError, UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import {
  answerFrom,
  answerQuery,
  type AnswerDeps,
  type AnswerRequest,
  type QueryAnswer,
} from '../query/answer-query.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {QueryEstimate} from './estimate-query.js'

/** Which side answers: this computer, the server, or the server only for what is known to be there alone. */
export const SCOPES = ['auto', 'local', 'remote'] as const

export type Scope = (typeof SCOPES)[number]

export interface ScopeDeps extends Omit<AnswerDeps, 'workspace'> {
  clock: Clock
  /** `--workspace`. */
  workspaceFlag: string | undefined
  findWorkspace(flag: string | undefined): Promise<{root: string}>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
  /** The config folder. */
  config: Files
  timeoutMs: number
  maxBytes: number | undefined
  /** What was noticed before a failure; of an answer it is among its notices. */
  onNotice(text: string): void
}

/**
 * Codes of a missing table that the last pull has seen on the server. Anything else that is missing is a
 * typing error as often as not, and is not sent anywhere.
 */
const ON_SERVER = new Set([
  'table_remote',
  'table_server_only',
  'table_not_in_packages',
  'table_unsafe_name',
])

/** Answers on the side that `scope` names, and says when `auto` had to leave this computer. */
export async function answerInScope(
  request: AnswerRequest & {scope: Scope},
  deps: ScopeDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const root = await workspaceRoot(request.scope, deps)
  if (request.scope === 'remote' || root === undefined) {
    const http = await openServer(root, deps)
    const notices =
      request.scope === 'auto' ? [`There is no workspace here, so ${http.origin} was asked.`] : []
    return answerRemotely(request, {http, root, notices, deps}, signal)
  }
  try {
    return await answerQuery(request, {...deps, workspace: deps.filesAt(root)}, signal)
  } catch (error) {
    const isThere = error instanceof QueryError && ON_SERVER.has(error.code)
    if (request.scope !== 'auto' || !isThere) throw error
    const http = await openServer(root, deps).catch((reason: unknown) => {
      throw isNotSetUp(reason) ? error : reason
    })
    const table = String(error.details.missingTable)
    const notices = [`The table ${table} is not on this computer, so ${http.origin} was asked.`]
    return answerRemotely(request, {http, root, notices, deps}, signal)
  }
}

/** What the server would read for a query; runs nothing. */
export async function estimateInScope(
  {sql, scope}: {sql: string; scope: Scope},
  deps: ScopeDeps,
  signal: AbortSignal,
): Promise<QueryEstimate> {
  if (scope === 'local')
    throw new UsageError('--estimate is about the server: what is here costs nothing to read.', {
      code: 'estimate_local',
      hint: 'Leave --scope local out, or run the query.',
    })
  const root = await workspaceRoot('remote', deps)
  const {estimateQuery} = await import('./estimate-query.js')
  return estimateQuery(sql, await openServer(root, deps), signal)
}

interface RemoteSide {
  http: HttpClient
  root: string | undefined
  notices: string[]
  deps: ScopeDeps
}

async function answerRemotely(
  request: AnswerRequest,
  {http, root, notices, deps}: RemoteSide,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  // Most queries never get here, and need none of it.
  const {RemoteQuery} = await import('./remote-query.js')
  const workspace = root === undefined ? deps.config : deps.filesAt(root)
  const query = new RemoteQuery(request.sql, {...deps, http, notices, workspace: root ?? null})
  try {
    return await answerFrom(async () => query, request, {...deps, workspace}, signal)
  } catch (error) {
    notices.forEach((notice) => deps.onNotice(notice))
    throw error
  }
}

/** A server can be asked from anywhere; a folder that is named has to be a workspace all the same. */
async function workspaceRoot(
  scope: Scope,
  {findWorkspace, workspaceFlag, serverOrigin}: ScopeDeps,
): Promise<string | undefined> {
  try {
    return (await findWorkspace(workspaceFlag)).root
  } catch (error) {
    const isOptional = error instanceof MissingError && workspaceFlag === undefined
    if (scope === 'local' || !isOptional) throw error
    if (scope === 'auto')
      await serverOrigin(undefined).catch((reason: unknown) => {
        throw isNotSetUp(reason) ? error : reason
      })
    return undefined
  }
}

/** A signed-in client for the server of a workspace, or of this account without one. */
export async function openServer(
  root: string | undefined,
  {filesAt, serverOrigin, http}: Pick<ScopeDeps, 'filesAt' | 'serverOrigin' | 'http'>,
): Promise<HttpClient> {
  const own = root === undefined ? undefined : await readWorkspaceServer(filesAt(root))
  return http(await serverOrigin(own))
}

function isNotSetUp(error: unknown): boolean {
  return error instanceof AuthError || (error instanceof UsageError && error.code === 'no_server')
}
