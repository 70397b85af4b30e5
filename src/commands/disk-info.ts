import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {measureDisk, type DiskReport} from '../lib/disk/measure-disk.js'
import {diskText} from '../lib/present/disk-text.js'

/** Every field is described at `DiskReport`. */
export type DiskInfoResult = DiskReport

export default class DiskInfo extends BaseCommand<DiskInfoResult> {
  static override summary = 'Show what the workspace takes on the disk, and what can be freed'
  static override examples = ['<%= config.bin %> disk-info', '<%= config.bin %> disk-info --json']
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<DiskInfoResult> {
    const {flags} = await this.parse(DiskInfo)
    const {context, signal} = this
    const {root} = await context.findWorkspace(flags.workspace)
    const report = await measureDisk({...context, files: context.filesAt(root)}, signal)
    await this.present(report, diskText)
    return report
  }
}
