import {z} from 'zod/mini'
import type {ProgressEvent} from '../../ports/progress.js'
import {pull as pullTables} from '../../sync/pull.js'
import {answerSchema, argument, decision} from '../arguments.js'
import {defineTool, type ToolDeps} from '../tool.js'

/** Another pull may be at work; longer than this a model does not wait. */
const WAIT_MS = 60_000

export const pull = defineTool({
  name: 'pull',
  description:
    'Fetch changed tables and remove withdrawn ones; plan: true only says what would be.',
  input: z.strictObject({
    tables: z._default(argument.names(), []),
    plan: z._default(z.boolean(), false),
    reason: decision.reason,
  }),
  output: answerSchema('ok:boolean downloaded:array pruned:array failed:array leftOut?:object'),
  lists: ['kept', 'skipped', 'remote', 'adopted', 'downloaded', 'pruned', 'failed'],
  narrow: 'Name the tables, or see status.',
  async run({tables, plan}, deps, signal) {
    const {around, workspace} = deps
    const {root} = await around.findWorkspace(workspace)
    const result = await pullTables(
      await around.pullDeps(root),
      {
        command: 'agnes mcp',
        ...{tables, isPlanOnly: plan, isVerify: false, isMaterializedSkipped: false},
        ...{waitMs: WAIT_MS, parallelism: around.env.pullParallelism},
        onProgress: reporter(deps),
      },
      signal,
    )
    // How it was written into the database file is for `agnes pull --json`.
    const {catalog, ...told} = result
    return {answer: {...told, catalog: {state: catalog.state, behind: catalog.behind}}}
  },
})

/** Bytes over all tables. */
function reporter({report}: ToolDeps): (event: ProgressEvent) => void {
  const done = new Map<string, number>()
  let total: number | null = null
  return (event) => {
    if (event.kind === 'plan') total = event.totalBytes
    if (event.kind !== 'advance') return
    done.set(event.id, event.doneBytes)
    const bytes = [...done.values()].reduce((sum, one) => sum + one, 0)
    report(bytes, total === null || total < bytes ? null : total, 'bytes fetched')
  }
}
