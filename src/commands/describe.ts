import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {temporaryDirectory} from '../lib/config/paths.js'
import {describeTable, type TableDescription} from '../lib/describe/describe-table.js'
import {describeJson, describeText} from '../lib/present/describe-text.js'

/** Beside the fields of TableDescription, the `--json` document has `sample`: rows as arrays, in the order of `columns`. */
export type DescribeResult = TableDescription

export default class Describe extends BaseCommand<DescribeResult> {
  static override summary = 'Show the columns, the size, the age and some rows of a table'
  static override description =
    'Works for pulled tables, snapshots and your own tables and views; asks no server. Exit code 4: ' +
    'there is no such table here, and the hint says where it is.'
  static override examples = [
    '<%= config.bin %> describe orders',
    '<%= config.bin %> describe orders -n 20',
    '<%= config.bin %> describe orders --json',
  ]
  static override args = {table: Args.string({description: 'Name of the table', required: true})}
  static override flags = {
    rows: Flags.integer({
      char: 'n',
      summary: 'Sample rows to show',
      default: 5,
      min: 0,
      max: 10_000,
      helpValue: 'N',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<DescribeResult> {
    const {args, flags} = await this.parse(Describe)
    const {env, clock, random, folders, warehouse, filesAt, streams, findWorkspace} = this.context
    const {root} = await findWorkspace(flags.workspace)
    const limits = {
      memoryLimitMb: env.queryMemoryMb,
      threads: env.queryThreads,
      tempDirectory: `${temporaryDirectory()}/agnes-query-${random.hex(8)}`,
    }
    const deps = {clock, folders, warehouse, workspace: filesAt(root)}
    const request = {table: args.table, sampleRows: flags.rows, limits}
    const described = await describeTable(request, deps, this.signal)
    await this.present(described.description, (_, terminal) => describeText(described, terminal))
    if (this.jsonEnabled()) {
      this.markPrinted()
      await streams.out.write(describeJson(described))
    } else for (const notice of described.notices) this.addWarning(notice)
    return described.description
  }
}
