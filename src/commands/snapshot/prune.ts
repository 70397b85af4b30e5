import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {confirm} from '../../lib/confirm.js'
import {prunedText} from '../../lib/present/snapshot-text.js'
import {listSnapshots, type SnapshotInfo} from '../../lib/snapshot/list-snapshots.js'
import {openLocalSnapshots} from '../../lib/snapshot/open-snapshots.js'
import {parseDuration, parseSize} from '../../lib/config/parse-amounts.js'
import {choosePruned, removeSnapshots} from '../../lib/snapshot/remove-snapshots.js'

const HINT = 'Give a rule (--older-than, --larger-than, --expired), or --yes to remove them all.'

export interface SnapshotPruneResult {
  /** What was removed, or would be. */
  snapshots: SnapshotInfo[]
  isDryRun: boolean
  /** Absolute. */
  workspace: string
}

export default class SnapshotPrune extends BaseCommand<SnapshotPruneResult> {
  static override summary = 'Remove snapshots by age, size or expiry'
  static override description =
    'Rules add up: all that are given must hold. Without a rule it removes every snapshot, and asks first.'
  static override examples = [
    '<%= config.bin %> snapshot prune --expired',
    '<%= config.bin %> snapshot prune --older-than 30d --larger-than 1g --dry-run',
  ]
  static override flags = {
    'older-than': Flags.string({summary: 'Made at least this long ago', helpValue: 'TIME'}),
    'larger-than': Flags.string({summary: 'At least this big', helpValue: 'SIZE'}),
    expired: Flags.boolean({summary: 'Past their --ttl'}),
    'dry-run': Flags.boolean({summary: 'Only show what would be removed'}),
    yes: Flags.boolean({summary: 'Remove every snapshot without asking'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SnapshotPruneResult> {
    const {flags} = await this.parse(SnapshotPrune)
    const {context, signal} = this
    const {'older-than': age, 'larger-than': size} = flags
    const rules = {
      olderThanMs: age === undefined ? null : parseDuration(age, 'older-than'),
      largerThanBytes: size === undefined ? null : parseSize(size, 'larger-than'),
      isExpiredOnly: flags.expired,
    }
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = openLocalSnapshots(context, root)
    const now = context.clock.now()
    const isDryRun = flags['dry-run']
    let snapshots = choosePruned(await listSnapshots(deps.files, now), rules, now)
    const hasRule = age !== undefined || size !== undefined || flags.expired
    const {length: count} = snapshots
    if (!isDryRun && !flags.yes && !hasRule && count > 0)
      await confirm(context.streams, {text: `Remove all ${count} snapshots`, hint: HINT}, signal)
    const stillApplies = (info: SnapshotInfo) => choosePruned([info], rules, now).length > 0
    const names = snapshots.map(({name}) => name)
    if (!isDryRun) snapshots = await removeSnapshots(deps, {names, stillApplies}, signal)
    const result = {snapshots, isDryRun, workspace: root}
    await this.present(result, prunedText)
    return result
  }
}
