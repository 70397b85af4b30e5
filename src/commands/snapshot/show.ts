import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {snapshotText} from '../../lib/present/snapshot-text.js'
import type {SnapshotInfo} from '../../lib/snapshot/list-snapshots.js'
import {openLocalSnapshots} from '../../lib/snapshot/open-snapshots.js'
import {findSnapshot} from '../../lib/snapshot/refresh-snapshot.js'
import {withdrawViews} from '../../lib/snapshot/withdraw-views.js'

/** Every field is described at `SnapshotInfo`. */
export type SnapshotShowResult = SnapshotInfo

export default class SnapshotShow extends BaseCommand<SnapshotShowResult> {
  static override summary = 'Show how a snapshot was made and what it holds'
  static override examples = ['<%= config.bin %> snapshot show cz_sessions']
  static override args = {name: Args.string({description: 'The snapshot', required: true})}
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SnapshotShowResult> {
    const {args, flags} = await this.parse(SnapshotShow)
    const {context, signal} = this
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = openLocalSnapshots(context, root)
    for (const warning of await withdrawViews(deps, null, signal)) this.addWarning(warning)
    const found = await findSnapshot(deps, args.name)
    await this.present(found, snapshotText)
    return found
  }
}
