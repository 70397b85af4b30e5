import {Args, Flags} from '@oclif/core'
import {importMetrics, type ImportResult} from '../../../lib/admin/change-metrics.js'
import {shortfall} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {importedText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ImportResult`. */
export type AdminMetricsImportResult = ImportResult

export default class AdminMetricsImport extends BaseCommand<AdminMetricsImportResult> {
  static override summary = 'Bring metrics from YAML files to the server'
  static override description =
    'PATH is a YAML file, or a folder with one folder a category. With --prune, metrics that an import made ' +
    'and no file holds any more are deleted; those made by hand stay. Nothing is deleted unless every file was ' +
    'read and taken. A metric that was made by hand and is in a file is replaced only after a question, or ' +
    'with --yes. Exit code 12: some files were taken, others not.'
  static override examples = [
    '<%= config.bin %> admin metrics import metrics',
    '<%= config.bin %> admin metrics import metrics --prune --dry-run',
  ]
  static override args = {path: Args.string({description: 'File or folder', required: true})}
  static override flags = {
    prune: Flags.boolean({summary: 'Delete imported metrics that are in no file'}),
    'dry-run': Flags.boolean({summary: 'Only show what would be done'}),
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminMetricsImportResult> {
    const {args, flags} = await this.parse(AdminMetricsImport)
    const admin = await openAdmin(this.context, flags)
    const request = {path: args.path, isPruning: flags.prune, isDryRun: flags['dry-run']}
    const result = await importMetrics(admin, {request, deps: this.context}, this.signal)
    await this.present(result, importedText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
