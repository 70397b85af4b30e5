import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {refreshedText} from '../../lib/present/snapshot-text.js'
import {openSnapshots} from '../../lib/snapshot/open-snapshots.js'
import {parseSize} from '../../lib/config/parse-amounts.js'
import {refreshSnapshot} from '../../lib/snapshot/refresh-snapshot.js'
import type {ScanEstimate} from '../../lib/wire/scan.js'

export interface SnapshotRefreshResult {
  name: string
  /** `null` when unknown. */
  rowsBefore: number | null
  rows: number
  rowsDelta: number | null
  sizeBytesBefore: number
  sizeBytes: number
  /** The whole file has the same hash as before; `null` when there was none to compare. */
  identical: boolean | null
  /** ISO 8601. */
  fetchedAt: string
  expiresAt: string | null
  /** Its fields are `null` where unknown. */
  estimate: ScanEstimate
  /** Absolute. */
  workspace: string
}

export default class SnapshotRefresh extends BaseCommand<SnapshotRefreshResult> {
  static override summary = 'Fetch a snapshot again, by the recipe it was made with'
  static override description =
    'Estimates first, as create does. The old snapshot stays until the new one is whole.'
  static override examples = [
    '<%= config.bin %> snapshot refresh cz_sessions',
    `<%= config.bin %> snapshot refresh cz_sessions --where "country = 'CZ' AND pages > 3"`,
  ]
  static override args = {name: Args.string({description: 'The snapshot', required: true})}
  static override flags = {
    where: Flags.string({summary: 'Another condition from now on', helpValue: 'CONDITION'}),
    'max-bytes': Flags.string({summary: 'Most bytes to scan, such as 500m or 20g', helpValue: 'N'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SnapshotRefreshResult> {
    const {args, flags} = await this.parse(SnapshotRefresh)
    const {context, signal} = this
    const own = flags['max-bytes']
    const maxBytes = own === undefined ? context.env.snapshotMaxBytes : parseSize(own, 'max-bytes')
    const ceiling = {maxBytes, isExplicit: own !== undefined}
    const request = {name: args.name, where: flags.where, ceiling}
    const {root} = await context.findWorkspace(flags.workspace)
    const deps = await openSnapshots(context, root)
    const {before, after, estimate, isIdentical, warnings} = await refreshSnapshot(
      deps,
      request,
      signal,
    )
    for (const warning of warnings) this.addWarning(warning)
    const {rows, sizeBytes, fetchedAt, expiresAt} = after
    const rowsDelta = before.rows === null ? null : rows - before.rows
    const old = {rowsBefore: before.rows, sizeBytesBefore: before.sizeBytes}
    const facts = {name: args.name, ...old, rows, rowsDelta, sizeBytes, identical: isIdentical}
    const result = {...facts, fetchedAt, expiresAt, estimate, workspace: root}
    await this.present(result, refreshedText)
    return result
  }
}
