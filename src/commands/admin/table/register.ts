import {Args, Flags} from '@oclif/core'
import {registerTable, type RegisterResult} from '../../../lib/admin/change-tables.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {readTableFields} from '../../../lib/admin/table-fields.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {registeredText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `RegisterResult`. */
export type AdminTableRegisterResult = RegisterResult

export default class AdminTableRegister extends BaseCommand<AdminTableRegisterResult> {
  static override summary = 'Register a table, so that it can be synced and granted'
  static override description =
    'A registered table is read by nobody but administrators until it is granted. --dry-run asks the server ' +
    'what it would make of it.'
  static override aliases = ['admin:register-table']
  static override examples = [
    '<%= config.bin %> admin table register orders --source-type keboola --bucket in.c-shop',
    '<%= config.bin %> admin table register web_sessions --source-type bigquery --bucket analytics',
    '<%= config.bin %> admin table register revenue --source-type bigquery --query @revenue.sql',
  ]
  static override args = {
    name: Args.string({description: 'What it is called in SQL', required: true}),
  }
  static override flags = {
    'source-type': Flags.string({
      summary: 'Where it comes from: local, keboola, bigquery, jira, or what the server knows',
      helpValue: 'TYPE',
      required: true,
    }),
    bucket: Flags.string({summary: 'Bucket or data set in the source', helpValue: 'NAME'}),
    'source-table': Flags.string({
      summary: 'What it is called there [default: NAME]',
      helpValue: 'NAME',
    }),
    'query-mode': Flags.option({
      options: ['local', 'remote', 'materialized'] as const,
      summary: 'How it is read [default: by source and --query]',
    })(),
    query: Flags.string({summary: 'SQL of a materialized table', helpValue: 'SQL|@FILE'}),
    description: Flags.string({summary: 'What it holds', helpValue: 'TEXT'}),
    folder: Flags.string({summary: 'Folder it is shown in', helpValue: 'NAME'}),
    'sync-schedule': Flags.string({
      summary: 'Such as "every 30m" or "daily 06:00"',
      helpValue: 'WHEN',
    }),
    'sync-strategy': Flags.option({
      options: ['full_refresh', 'incremental', 'partitioned'] as const,
      summary: 'How it is kept up [default: full_refresh]',
    })(),
    'primary-key': Flags.string({summary: 'Its key', helpValue: 'COLUMN,COLUMN'}),
    'incremental-column': Flags.string({summary: 'Tells new rows', helpValue: 'COLUMN'}),
    'incremental-window-days': Flags.integer({summary: 'Days fetched again', min: 0}),
    'max-history-days': Flags.integer({summary: 'Days kept', min: 0}),
    'where-filters-json': Flags.string({summary: 'Filters at the source', helpValue: 'JSON|@FILE'}),
    'partition-by': Flags.string({summary: 'Column it is parted by', helpValue: 'COLUMN'}),
    'partition-granularity': Flags.string({summary: 'Such as month', helpValue: 'UNIT'}),
    'initial-load-chunk-days': Flags.integer({
      summary: 'Days of each part of a first load',
      min: 1,
    }),
    'server-only': Flags.boolean({summary: 'Never copied to analysts', allowNo: true}),
    'dry-run': Flags.boolean({summary: 'Only ask what would come of it'}),
    ...serverFlag,
  }

  async run(): Promise<AdminTableRegisterResult> {
    const {args, flags} = await this.parse(AdminTableRegister)
    const {'dry-run': isDryRun, json: _json, server: _server, ...given} = flags
    const fields = {...(await readTableFields(given, this.context)), name: args.name}
    const admin = await openAdmin(this.context)
    const result = await registerTable(admin, {fields, isDryRun}, this.signal)
    await this.present(result, registeredText)
    return result
  }
}
