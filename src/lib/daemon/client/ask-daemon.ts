import {MissingError} from '../../errors.js'
import type {ControlSocket} from '../../ports/control-socket.js'
import type {DaemonAnswers, DaemonRequest} from '../control.js'

const PATIENCE_MS = 5000
/** A whole pull may be waited for. */
const SYNC_PATIENCE_MS = 3_600_000

/** `undefined` when no daemon runs. */
export async function askDaemon<Op extends DaemonRequest['op']>(
  socket: ControlSocket,
  request: Extract<DaemonRequest, {op: Op}>,
  signal: AbortSignal,
): Promise<DaemonAnswers[Op] | undefined> {
  const isLong = request.op === 'sync' && 'isWaited' in request && request.isWaited
  const answer = await socket.request(request, isLong ? SYNC_PATIENCE_MS : PATIENCE_MS, signal)
  return answer as DaemonAnswers[Op] | undefined
}

/** As `askDaemon`; `MissingError` (code `daemon_not_running`) when there is none. */
export async function askRunningDaemon<Op extends DaemonRequest['op']>(
  socket: ControlSocket,
  request: Extract<DaemonRequest, {op: Op}>,
  signal: AbortSignal,
): Promise<DaemonAnswers[Op]> {
  const answer = await askDaemon(socket, request, signal)
  if (answer !== undefined) return answer
  throw new MissingError('No daemon is running.', {
    code: 'daemon_not_running',
    hint: 'Start it with: agnes daemon start',
  })
}
