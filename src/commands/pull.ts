import {Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {PartialError} from '../lib/errors.js'
import {parseSize} from '../lib/config/parse-amounts.js'
import {isHookLine, runAsHook} from '../lib/run-hook.js'
import {openProgress} from '../lib/present/progress.js'
import {pullFailureText, pullText, waitingText} from '../lib/present/pull-text.js'
import {pull} from '../lib/sync/pull.js'
import type {PullResult} from '../lib/sync/pull-result.js'
import {refuseOver} from '../lib/sync/refuse-over.js'

export type {PullResult} from '../lib/sync/pull-result.js'

const PATIENCE_MS = 600_000

export default class Pull extends BaseCommand<PullResult> {
  static override summary =
    'Bring the tables you may see to this computer, and remove those you may not'
  static override description =
    'Fetches what changed, checks every byte, and keeps the old table until the new one is whole. ' +
    'Interrupted at any point, the next pull goes on where this one stopped. Exit code 12: some ' +
    'tables failed, the rest is done.'
  static override examples = [
    '<%= config.bin %> pull',
    '<%= config.bin %> pull --plan',
    '<%= config.bin %> pull --table orders --table customers',
    '<%= config.bin %> pull --verify --json',
  ]
  static override flags = {
    ...serverFlag,
    quiet: Flags.boolean({
      summary: 'Say nothing but errors; give up at once when another pull is running',
    }),
    plan: Flags.boolean({summary: 'Show what would be fetched and removed, and do nothing'}),
    'dry-run': Flags.boolean({summary: 'Touch nothing on disk; the same as --plan'}),
    'skip-materialize': Flags.boolean({
      summary: 'Leave out tables the server computes (often big)',
    }),
    table: Flags.string({
      summary: 'Fetch only this table; may be given several times',
      multiple: true,
      helpValue: 'T',
    }),
    verify: Flags.boolean({summary: 'Hash every file on disk and fetch again what is damaged'}),
    'max-bytes': Flags.string({
      summary: 'Change nothing when more than this would be fetched, such as 500m or 20g',
      helpValue: 'N',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<PullResult> {
    const {flags} = await this.parse(Pull)
    const {context} = this
    const {workspace, 'max-bytes': most} = flags
    if (
      isHookLine(flags, this.jsonEnabled()) &&
      (await runAsHook(context, {verb: 'pull', workspace}, this.signal))
    )
      this.exit(0)
    const {root} = await context.findWorkspace(flags.workspace)
    const {err} = context.streams
    const isSilent = flags.quiet || this.jsonEnabled()
    const progress = openProgress(
      err,
      context.clock,
      isSilent ? 'off' : err.isTty ? 'live' : 'plain',
    )
    const options = {
      command: 'agnes pull',
      tables: flags.table ?? [],
      isMaterializedSkipped: flags['skip-materialize'],
      isVerify: flags.verify,
      isPlanOnly: flags.plan || flags['dry-run'],
      waitMs: flags.quiet ? 0 : PATIENCE_MS,
      onWait: isSilent ? () => {} : (holder) => void err.write(waitingText(holder)),
      parallelism: context.env.pullParallelism,
      onProgress: progress.onProgress,
      ...(most === undefined ? {} : {onPlanned: refuseOver(parseSize(most, 'max-bytes'))}),
    } satisfies Parameters<typeof pull>[1]
    const deps = await context.pullDeps(root)
    const result = await pull(deps, options, this.signal).finally(() => progress.close())
    for (const warning of result.warnings) this.addWarning(warning)
    if (!flags.quiet) await this.present(result, pullText)
    if (!result.ok) await this.presentFailure(partial(result))
    return result
  }
}

function partial(result: PullResult): PartialError {
  return new PartialError(`Not everything could be refreshed:\n${pullFailureText(result)}`, {
    hint: 'Run `agnes pull` again; what is done stays done.',
  })
}
