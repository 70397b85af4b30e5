import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {markText} from '../../lib/present/session-text.js'
import {openMarks} from '../../lib/push/open-push.js'
import {markPublic, resolveSessionId, type MarkResult} from '../../lib/session/mark-session.js'

/** Every field is described at `MarkResult`. */
export type SessionPublicResult = MarkResult

export default class SessionPublic extends BaseCommand<SessionPublicResult> {
  static override summary = 'Let a session be sent again'
  static override description =
    'Undoes agnes session private; where sessions are private by default, marks this one public.'
  static override examples = [
    '<%= config.bin %> session public',
    '<%= config.bin %> session public 7d1c0d5e-2f57-4a1e-9f27-0d7a5f4f1b11',
  ]
  static override args = {
    id: Args.string({description: 'The session; the one this command runs in when left out'}),
  }
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SessionPublicResult> {
    const {args, flags} = await this.parse(SessionPublic)
    const sessionId = resolveSessionId(args.id, this.context.env.claudeSessionId)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const result = await markPublic(openMarks(this.context, root), sessionId, this.signal)
    await this.present(result, markText)
    return result
  }
}
