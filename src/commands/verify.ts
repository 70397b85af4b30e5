import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {openProgress} from '../lib/present/progress.js'
import {verifyText} from '../lib/present/verify-text.js'
import {pull} from '../lib/sync/pull.js'
import {repairWorkspace} from '../lib/verify/repair-workspace.js'
import {verifyFailure} from '../lib/verify/verify-failure.js'
import type {VerifyReport} from '../lib/verify/verify-report.js'
import {verifyWorkspace} from '../lib/verify/verify-workspace.js'

/** Every field is described at `VerifyReport`. */
export type VerifyResult = VerifyReport

const PATIENCE_MS = 600_000

export default class Verify extends BaseCommand<VerifyResult> {
  static override summary = 'Check every byte of the installed tables, and mend what is broken'
  static override description =
    'Hashes each file and compares it with what was installed; looks for files that nothing needs and ' +
    'for views that do not work. Exit code 10: something is broken and was not mended.'
  static override examples = [
    '<%= config.bin %> verify',
    '<%= config.bin %> verify --repair',
    '<%= config.bin %> verify orders customers --json',
  ]
  static override args = {
    tables: Args.string({
      description: 'Check only these tables [default: all, and the catalog]',
      multiple: true,
    }),
  }
  static override flags = {
    repair: Flags.boolean({
      summary: 'Fetch broken tables again, remove half-written files of killed runs',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<VerifyResult> {
    const {args, flags} = await this.parse(Verify)
    const {context, signal} = this
    const {root} = await context.findWorkspace(flags.workspace)
    const {err} = context.streams
    const mode = this.jsonEnabled() ? 'off' : err.isTty ? 'live' : 'plain'
    const {onProgress, close} = openProgress(err, context.clock, mode)
    const deps = {...context, files: context.filesAt(root)}
    const options = {tables: args.tables ?? [], onProgress}
    let report = await verifyWorkspace(deps, options, signal).finally(close)
    if (flags.repair) {
      const again = {...repairOptions, parallelism: context.env.pullParallelism}
      const fetchAgain = async (tables: readonly string[]) =>
        pull(await context.pullDeps(root), {...again, tables}, signal)
      report = await repairWorkspace(
        {...deps, lock: context.pullLock(root), fetchAgain},
        report,
        signal,
      )
    }
    await this.present(report, verifyText)
    const failure = verifyFailure(report)
    if (failure) await this.presentFailure(failure)
    return report
  }
}

const repairOptions = {
  command: 'agnes verify --repair',
  isMaterializedSkipped: false,
  isVerify: true,
  isPlanOnly: false,
  waitMs: PATIENCE_MS,
  onProgress: () => {},
}
