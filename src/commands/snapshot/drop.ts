import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {prunedText} from '../../lib/present/snapshot-text.js'
import type {SnapshotInfo} from '../../lib/snapshot/list-snapshots.js'
import {openLocalSnapshots} from '../../lib/snapshot/open-snapshots.js'
import {findSnapshot} from '../../lib/snapshot/refresh-snapshot.js'
import {removeSnapshots} from '../../lib/snapshot/remove-snapshots.js'

export interface SnapshotDropResult {
  /** What was removed: one, or none when somebody was faster or --expired did not apply. */
  dropped: SnapshotInfo[]
  /** Absolute. */
  workspace: string
}

export default class SnapshotDrop extends BaseCommand<SnapshotDropResult> {
  static override summary = 'Remove a snapshot: its file, its records and its view'
  static override examples = ['<%= config.bin %> snapshot drop cz_sessions']
  static override args = {name: Args.string({description: 'The snapshot', required: true})}
  static override flags = {
    expired: Flags.boolean({summary: 'Only when it is past its --ttl'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SnapshotDropResult> {
    const {args, flags} = await this.parse(SnapshotDrop)
    const {context, signal} = this
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = openLocalSnapshots(context, root)
    await findSnapshot(deps, args.name)
    const stillApplies = ({isExpired}: SnapshotInfo) => isExpired || !flags.expired
    const request = {names: [args.name], stillApplies}
    const dropped = await removeSnapshots(deps, request, signal)
    const result = {dropped, workspace: root}
    await this.present(result, (_, terminal) =>
      prunedText({snapshots: dropped, isDryRun: false}, terminal),
    )
    return result
  }
}
