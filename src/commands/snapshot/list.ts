import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {snapshotListText} from '../../lib/present/snapshot-text.js'
import {listSnapshots, type SnapshotInfo} from '../../lib/snapshot/list-snapshots.js'
import {openLocalSnapshots} from '../../lib/snapshot/open-snapshots.js'
import {withdrawViews} from '../../lib/snapshot/withdraw-views.js'

export interface SnapshotListResult {
  /** By name. */
  snapshots: SnapshotInfo[]
  /** ISO 8601, when this was read. */
  checkedAt: string
  /** Absolute. */
  workspace: string
}

export default class SnapshotList extends BaseCommand<SnapshotListResult> {
  static override summary = 'List the snapshots of the workspace'
  static override examples = [
    '<%= config.bin %> snapshot list',
    '<%= config.bin %> snapshot list --json',
  ]
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SnapshotListResult> {
    const {flags} = await this.parse(SnapshotList)
    const {context, signal} = this
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = openLocalSnapshots(context, root)
    for (const warning of await withdrawViews(deps, null, signal)) this.addWarning(warning)
    const now = context.clock.now()
    const snapshots = await listSnapshots(deps.files, now)
    const result = {snapshots, checkedAt: new Date(now).toISOString(), workspace: root}
    if (snapshots.some(({isExpired}) => isExpired))
      this.addWarning('Some are expired. Remove those: agnes snapshot prune --expired')
    await this.present(result, snapshotListText)
    return result
  }
}
