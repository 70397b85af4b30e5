/**
 * How commands talk to the daemon of the same user: one JSON request, one JSON answer, on a socket (a
 * named pipe on Windows) that nobody else may open.
 */
export interface ControlSocket {
  /**
   * Answers requests until closed. A socket file nobody answers on is replaced. The handler's rejection
   * becomes the answer's error.
   */
  listen(handler: ControlHandler): Promise<{close(): Promise<void>}>
  /**
   * One request. `undefined` when nobody listens, or the socket is not this user's. Rejects with
   * `UnreachableError` (code `daemon_silent`) when no answer comes in time or the connection breaks, and
   * with the error the daemon answered.
   * @param timeoutMs until the whole answer is there
   */
  request(message: unknown, timeoutMs: number, signal?: AbortSignal): Promise<unknown>
}

/** The signal aborts when the asking command has gone. */
export type ControlHandler = (message: unknown, signal: AbortSignal) => Promise<unknown>
