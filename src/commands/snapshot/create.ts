import {Args, Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {createdText} from '../../lib/present/snapshot-text.js'
import {createSnapshot} from '../../lib/snapshot/create-snapshot.js'
import {openSnapshots} from '../../lib/snapshot/open-snapshots.js'
import {readCreateFlags} from '../../lib/snapshot/read-create-flags.js'
import type {SnapshotRecord} from '../../lib/snapshot/snapshot-record.js'
import type {ViewOutcome} from '../../lib/snapshot/snapshot-view.js'
import type {ScanEstimate} from '../../lib/wire/scan.js'

export interface SnapshotCreateResult {
  /** Id of the table on the server. */
  table: string
  name: string
  /** `null` when it was refused with --no-estimate. Its fields are `null` where unknown. */
  estimate: ScanEstimate | null
  /** The ceiling for the bytes scanned. */
  maxBytes: number
  /** `null` with --estimate: nothing was fetched. */
  snapshot: SnapshotRecord | null
  /** What other tools see in the catalog file. */
  view: ViewOutcome | null
  /** Absolute. */
  workspace: string
}

export default class SnapshotCreate extends BaseCommand<SnapshotCreateResult> {
  static override summary = 'Keep a filtered part of a table on this computer'
  static override description =
    'Estimates first, refuses what is over the ceiling, then fetches into user/snapshots, whole or not at ' +
    'all. The ceiling is --max-bytes, else AGNES_SNAPSHOT_MAX_BYTES, else 5 GiB scanned. --estimate never ' +
    'fetches, whatever else is given.'
  static override examples = [
    '<%= config.bin %> snapshot create web_sessions --estimate',
    `<%= config.bin %> snapshot create web_sessions --select country,pages --where "country = 'CZ'" --as cz`,
    '<%= config.bin %> snapshot create top --from-query "SELECT country, count(*) AS n FROM web_sessions GROUP BY country"',
  ]
  static override args = {table: Args.string({description: 'Id of the table', required: true})}
  static override flags = {
    ...serverFlag,
    select: Flags.string({summary: 'Only these columns', helpValue: 'A,B'}),
    where: Flags.string({summary: 'Only rows of this condition', helpValue: 'CONDITION'}),
    limit: Flags.integer({summary: 'Most rows', min: 1, helpValue: 'N'}),
    'order-by': Flags.string({summary: 'Sort, such as "day DESC,id"', helpValue: 'A,B'}),
    as: Flags.string({summary: 'Name of the snapshot [default: the table]', helpValue: 'NAME'}),
    estimate: Flags.boolean({summary: 'Only say what it would cost'}),
    'no-estimate': Flags.boolean({summary: 'Fetch at once; only the server checks the ceiling'}),
    force: Flags.boolean({summary: 'Replace a snapshot of that name'}),
    'max-bytes': Flags.string({summary: 'Most bytes to scan, such as 500m or 20g', helpValue: 'N'}),
    ttl: Flags.string({summary: 'How long it is good, such as 24h or 7d', helpValue: 'TIME'}),
    'from-query': Flags.string({
      summary: 'A whole query instead of one table; TABLE is then the name',
      helpValue: 'SQL',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SnapshotCreateResult> {
    const {args, flags} = await this.parse(SnapshotCreate)
    const {context, signal} = this
    const request = readCreateFlags(args.table, flags, context.env.snapshotMaxBytes)
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = await openSnapshots(context, root)
    const {warnings, ...outcome} = await createSnapshot(deps, request, signal)
    for (const warning of warnings) this.addWarning(warning)
    const {name, recipe, ceiling} = request
    const {maxBytes} = ceiling
    const result = {table: recipe.table, name, maxBytes, ...outcome, workspace: root}
    await this.present(result, createdText)
    return result
  }
}
