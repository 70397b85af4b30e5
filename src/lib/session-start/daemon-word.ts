import type {ControlSocket} from '../ports/control-socket.js'

/** What the daemon of this account knows of a workspace; `undefined` where the server has to be asked. */
export type DaemonWord = {kind: 'pulling'} | {kind: 'fresh'; server: string; at: string} | undefined

/** Never rejects: without a word from the daemon everything is as without a daemon. */
export async function askForWord(
  socket: ControlSocket,
  {workspace, patienceMs}: {workspace: string; patienceMs: number},
  signal: AbortSignal,
): Promise<DaemonWord> {
  const request = {op: 'freshness', workspace}
  const answer = await socket.request(request, patienceMs, signal).catch(() => {
    // Silent, too slow, or of a version that does not know the question: the server is asked.
    signal.throwIfAborted()
    return undefined
  })
  const {isFresh, workspace: known} = (answer ?? {}) as {
    isFresh?: unknown
    workspace?: {server?: unknown; freshAt?: unknown; state?: {kind?: unknown}} | null
  }
  if (known?.state?.kind === 'pulling') return {kind: 'pulling'}
  const {server, freshAt} = known ?? {}
  if (isFresh !== true || typeof server !== 'string' || typeof freshAt !== 'string')
    return undefined
  return {kind: 'fresh', server, at: freshAt}
}
