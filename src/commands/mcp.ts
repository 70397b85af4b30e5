import {once} from 'node:events'
import {text as readText} from 'node:stream/consumers'
import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {MODES} from '../lib/mcp/policy.js'

/** Where the process that started this one reads. */
const ANSWER_FD = 3

/** The protocol is the answer: nothing else is printed. */
export type McpResult = Record<string, never>

export default class Mcp extends BaseCommand<McpResult> {
  static override summary =
    'Serve the same verbs to a coding agent, over MCP on standard input and output'
  static override description =
    'For programs that speak the Model Context Protocol; `agnes mcp install` tells Claude Code of it. Mode ' +
    'read only looks; snapshot also pulls and keeps parts of tables; admin also changes grants. What ' +
    'changes or costs needs a fresh look at the same thing first and is written to the journal. Ends when ' +
    'its input closes, or with SIGTERM, with exit code 0.'
  static override examples = [
    '<%= config.bin %> mcp',
    '<%= config.bin %> mcp --mode read --workspace ~/sales',
  ]
  static override enableJsonFlag = false
  static override flags = {
    mode: Flags.option({
      options: MODES,
      summary: 'What the agent may do',
      default: 'snapshot' as const,
    })(),
    frames: Flags.integer({
      summary: 'Descriptor the frames go to, in the process that answers',
      hidden: true,
      min: 1,
    }),
    answer: Flags.boolean({summary: 'Answers local queries for another process', hidden: true}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<McpResult> {
    const {flags} = await this.parse(Mcp)
    const {context, signal} = this
    const {mode, workspace, frames} = flags
    this.markPrinted()
    if (flags.answer) {
      const {sayAnswer} = await import('../lib/mcp/answer-locally.js')
      const input = await readText(context.streams.in)
      const said = await sayAnswer(input, {around: context, workspace}, signal)
      const output = await context.openFrames(ANSWER_FD)
      await once(output.end(JSON.stringify(said.document)), 'finish')
      context.setExitCode(said.exitCode)
      return {}
    }
    if (frames === undefined) {
      context.setExitCode(await context.runFramed(['mcp', ...this.argv], signal))
      return {}
    }
    const {serveMcp} = await import('../lib/mcp/stdio-server.js')
    const output = await context.openFrames(frames)
    await serveMcp(context, {mode, workspace, input: context.streams.in, output}, signal)
    return {}
  }
}
