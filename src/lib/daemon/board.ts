import type {Clock} from '../ports/clock.js'
import type {Logger} from '../ports/logger.js'
import type {DaemonStatus, LoopState, ServerStatus, WorkspaceStatus} from './model.js'

/** What the daemon knows of itself, in memory; every change of a state is an event of the log. */
export class Board {
  readonly workspaces = new Map<string, WorkspaceStatus>()
  readonly servers = new Map<string, ServerStatus>()
  /** The last state that was logged, without its time. */
  private readonly told = new Map<string, string>()
  private pausedUntilMs: number | null = null

  constructor(private readonly deps: {clock: Clock; logger: Logger}) {}

  workspace(path: string, server: string): WorkspaceStatus {
    let found = this.workspaces.get(path)
    if (!found) {
      found = {
        path,
        server,
        state: {kind: 'idle'},
        freshAt: null,
        lastPullAt: null,
        nextLookAt: null,
      }
      this.workspaces.set(path, found)
    }
    found.server = server
    return found
  }

  server(origin: string): ServerStatus {
    let found = this.servers.get(origin)
    if (!found) {
      found = {
        origin,
        isConditional: false,
        lastAskedAt: null,
        lastAnsweredAt: null,
        nextAskAt: null,
        error: null,
        requests: 0,
      }
      this.servers.set(origin, found)
    }
    return found
  }

  setState(path: string, state: LoopState): void {
    const workspace = this.workspaces.get(path)
    if (!workspace) return
    workspace.state = state
    // A look each minute is no event.
    if (state.kind === 'scanning') return
    const {since: _since, ...news} = {since: '', ...state}
    const text = JSON.stringify(news)
    if (this.told.get(path) === text) return
    this.told.set(path, text)
    this.deps.logger.info('workspace.state', {workspace: path, ...news})
  }

  /** @param untilMs wall time; `Infinity` until resumed */
  pause(untilMs: number): void {
    this.pausedUntilMs = untilMs
    this.deps.logger.info('daemon.paused', {until: this.pausedUntil})
  }

  resume(): void {
    this.pausedUntilMs = null
    this.deps.logger.info('daemon.resumed')
  }

  get isPaused(): boolean {
    return this.pausedUntilMs !== null && this.deps.clock.now() < this.pausedUntilMs
  }

  /** ISO 8601, `resumed` when nothing but `resume` ends it, `null` when it is not paused. */
  get pausedUntil(): DaemonStatus['pausedUntil'] {
    if (!this.isPaused) return null
    return Number.isFinite(this.pausedUntilMs)
      ? new Date(this.pausedUntilMs!).toISOString()
      : 'resumed'
  }
}
