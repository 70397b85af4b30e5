import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {pushText} from '../lib/present/push-text.js'
import {isHookLine, runAsHook} from '../lib/run-hook.js'
import {openPush} from '../lib/push/open-push.js'
import type {PushResult} from '../lib/push/push-result.js'
import {pushSessions} from '../lib/push/push-sessions.js'

export type {PushResult} from '../lib/push/push-result.js'

const PATIENCE_MS = 10_000

export default class Push extends BaseCommand<PushResult> {
  static override summary =
    'Send the transcripts of this workspace’s Claude Code sessions and your local notes to the server'
  static override description =
    'Secrets are taken out first, always; --dry-run shows which and where. Only new and grown ' +
    'transcripts go, those of other projects and of private sessions (agnes session private) never. ' +
    'Exit code 12: some sessions could not be sent, the rest is.'
  static override examples = [
    '<%= config.bin %> push',
    '<%= config.bin %> push --dry-run',
    '<%= config.bin %> push --quiet',
  ]
  static override flags = {
    quiet: Flags.boolean({
      summary: 'Say nothing but errors; give up at once when another push is running',
    }),
    'dry-run': Flags.boolean({
      summary: 'Show what would go and which secrets would be taken out; send and write nothing',
    }),
    session: Flags.string({
      summary: 'Send only this session',
      helpValue: 'ID',
    }),
    idle: Flags.integer({
      summary: 'Leave alone sessions that changed within the last so many minutes',
      helpValue: 'MINUTES',
      min: 0,
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<PushResult> {
    const {flags} = await this.parse(Push)
    const {workspace} = flags
    if (
      isHookLine(flags, this.jsonEnabled()) &&
      (await runAsHook(this.context, {verb: 'push', workspace}, this.signal))
    )
      this.exit(0)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const deps = await openPush(this.context, root)
    const options = {
      isDryRun: Boolean(flags['dry-run']),
      isPatient: Boolean(flags.quiet),
      waitMs: flags.quiet ? 0 : PATIENCE_MS,
      ...(flags.session === undefined ? {} : {session: flags.session}),
      ...(flags.idle === undefined ? {} : {idleMs: flags.idle * 60_000}),
    }
    const {result, failure} = await pushSessions(deps, options, this.signal)
    if (!flags.quiet) await this.present(result, pushText)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
