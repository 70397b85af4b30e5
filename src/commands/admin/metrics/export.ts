import {resolve} from 'node:path'
import {Flags} from '@oclif/core'
import {exportMetrics, type ExportResult} from '../../../lib/admin/change-metrics.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {exportedText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ExportResult`. */
export type AdminMetricsExportResult = ExportResult

export default class AdminMetricsExport extends BaseCommand<AdminMetricsExportResult> {
  static override summary = 'Write every metric of the server as a YAML file'
  static override description =
    'As DIR/<category>/<name>.yml, which agnes admin metrics import reads back. No file is ever removed.'
  static override examples = ['<%= config.bin %> admin metrics export --dir metrics']
  static override flags = {
    dir: Flags.string({summary: 'The folder', default: 'export', helpValue: 'DIR'}),
    overwrite: Flags.boolean({summary: 'Replace files that have other content'}),
    ...serverFlag,
  }

  async run(): Promise<AdminMetricsExportResult> {
    const {flags} = await this.parse(AdminMetricsExport)
    const {context, signal} = this
    const files = context.filesAt(resolve(context.currentDir, flags.dir))
    const admin = await openAdmin(context)
    const result = await exportMetrics(admin, {files, isOverwriting: flags.overwrite}, signal)
    await this.present(result, exportedText)
    return result
  }
}
