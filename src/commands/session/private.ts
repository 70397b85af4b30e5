import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {markText} from '../../lib/present/session-text.js'
import {openMarks} from '../../lib/push/open-push.js'
import {markPrivate, resolveSessionId, type MarkResult} from '../../lib/session/mark-session.js'

/** Every field is described at `MarkResult`. */
export type SessionPrivateResult = MarkResult

export default class SessionPrivate extends BaseCommand<SessionPrivateResult> {
  static override summary = 'Keep a session on this computer: no push ever sends it'
  static override description =
    'Takes effect at once, also for a push that is running. What was sent before stays on the server.'
  static override examples = [
    '<%= config.bin %> session private',
    '<%= config.bin %> session private 7d1c0d5e-2f57-4a1e-9f27-0d7a5f4f1b11',
  ]
  static override args = {
    id: Args.string({description: 'The session; the one this command runs in when left out'}),
  }
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SessionPrivateResult> {
    const {args, flags} = await this.parse(SessionPrivate)
    const sessionId = resolveSessionId(args.id, this.context.env.claudeSessionId)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const result = await markPrivate(openMarks(this.context, root), sessionId, this.signal)
    await this.present(result, markText)
    return result
  }
}
