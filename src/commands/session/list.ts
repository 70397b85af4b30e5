import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {sessionListText} from '../../lib/present/session-text.js'
import {listSessions, type SessionListing} from '../../lib/push/list-sessions.js'
import {openPlace} from '../../lib/push/open-push.js'

/** Every field is described at `SessionListing`. */
export type SessionListResult = SessionListing

export default class SessionList extends BaseCommand<SessionListResult> {
  static override summary =
    'List the Claude Code sessions of this workspace and what the next push does with each'
  static override description =
    'States: sent, pending (goes next), private (never goes), refused (the server will not have it ' +
    'until it changes), waiting (failed, tried again later), unknown (does not say its folder yet).'
  static override examples = [
    '<%= config.bin %> session list',
    '<%= config.bin %> session list --json',
  ]
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SessionListResult> {
    const {flags} = await this.parse(SessionList)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const list = await listSessions(await openPlace(this.context, root), this.signal)
    await this.present(list, sessionListText)
    return list
  }
}
