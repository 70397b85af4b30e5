import type {z} from 'zod/mini'
import type {Env} from '../config/env.js'
import type {AdminSurroundings} from '../admin/open-admin.js'
import type {DiscoverySurroundings} from '../discovery/open-discovery.js'
import type {Files} from '../ports/files.js'
import type {GuardedRun} from '../ports/guarded-run.js'
import type {Logger} from '../ports/logger.js'
import type {Surroundings} from '../snapshot/open-snapshots.js'
import type {PullDeps} from '../sync/pull-run.js'
import type {ToolName} from './policy.js'

/** What the server takes of the composition root. */
export interface McpSurroundings extends DiscoverySurroundings, Surroundings, AdminSurroundings {
  env: Env
  config: Files
  logger: Logger
  currentDir: string
  version: string
  filesAt(root: string): Files
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http: AdminSurroundings['http']
  findWorkspace: DiscoverySurroundings['findWorkspace']
  warehouse: DiscoverySurroundings['warehouse']
  pullDeps(root: string): Promise<PullDeps>
  /** This CLI as a process of its own, ended when it takes too much; see `GuardedRun`. */
  runGuarded(
    run: GuardedRun,
    signal: AbortSignal,
  ): Promise<{exitCode: number | null; answer: string; stopped: 'memory' | 'time' | null}>
}

/** What a tool is handed with each call. */
export interface ToolDeps {
  around: McpSurroundings
  /** As given with `--workspace`; `undefined` for the one found from the current folder. */
  workspace: string | undefined
  /** What the look that the handle stands for saw; `null` for a call that needs none. */
  seen: unknown
  /** Tells the client how far long work has come. `total` is `null` while unknown. */
  report(done: number, total: number | null, message: string): void
}

/** Plain JSON with fields that the output schema names. */
export type Answer = Record<string, unknown>

/** A look that entitles to one call of another tool with exactly this request. */
export interface Offer {
  tool: ToolName
  subject: unknown
  seen: unknown
}

export interface ToolResult {
  answer: Answer
  /** Becomes `handle` in the answer. */
  offer?: Offer
}

export type JsonSchema = Record<string, unknown>

/**
 * One verb for agents, over the service that the command of the same name calls. Its rights, hints and
 * duties stand in the policy table, not here.
 */
export interface Tool<Input = never> {
  name: ToolName
  description: string
  input: z.ZodMiniType<Input>
  /** Of `answer`, short: agents read it with every session. */
  output: JsonSchema
  /** Lists of the answer that may be shortened, in this order, when it is too long. */
  lists: readonly string[]
  /** How to ask for less, as a sentence. */
  narrow: string
  /**
   * What a call changes or costs, in one normal form, as the look before it was asked about; `null` for
   * a call that needs no look. Tools of the policy table that need none do not have it.
   */
  subject?(input: NoInfer<Input>): unknown
  run(input: NoInfer<Input>, deps: ToolDeps, signal: AbortSignal): Promise<ToolResult>
}

/** Keeps the input's type while it is written down. */
export function defineTool<Input>(tool: Tool<Input>): Tool {
  return tool as unknown as Tool
}
