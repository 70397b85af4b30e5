import {Args, Flags} from '@oclif/core'
import {updateTable, type UpdateResult} from '../../../lib/admin/change-tables.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {readTableFields} from '../../../lib/admin/table-fields.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {updatedText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `UpdateResult`. */
export type AdminTableUpdateResult = UpdateResult

export default class AdminTableUpdate extends BaseCommand<AdminTableUpdateResult> {
  static override summary = 'Change what is registered of a table'
  static override description = 'Only what is given changes; --clear takes a value away.'
  static override aliases = ['admin:update-table']
  static override examples = [
    '<%= config.bin %> admin table update orders --description "One row an order"',
    '<%= config.bin %> admin table update orders --clear sync-schedule',
  ]
  static override args = {table: Args.string({description: 'Its id or name', required: true})}
  static override flags = {
    name: Flags.string({summary: 'What it is called in SQL', helpValue: 'NAME'}),
    'source-type': Flags.string({summary: 'Where it comes from', helpValue: 'TYPE'}),
    bucket: Flags.string({summary: 'Bucket or data set in the source', helpValue: 'NAME'}),
    'source-table': Flags.string({summary: 'What it is called there', helpValue: 'NAME'}),
    'query-mode': Flags.option({
      options: ['local', 'remote', 'materialized'] as const,
      summary: 'How it is read',
    })(),
    query: Flags.string({summary: 'SQL of a materialized table', helpValue: 'SQL|@FILE'}),
    description: Flags.string({summary: 'What it holds', helpValue: 'TEXT'}),
    folder: Flags.string({summary: 'Folder it is shown in', helpValue: 'NAME'}),
    'sync-schedule': Flags.string({
      summary: 'Such as "every 30m" or "daily 06:00"',
      helpValue: 'WHEN',
    }),
    'server-only': Flags.boolean({summary: 'Never copied to analysts', allowNo: true}),
    clear: Flags.option({
      options: ['bucket', 'description', 'folder', 'sync-schedule'] as const,
      multiple: true,
      summary: 'Take this value away',
    })(),
    ...serverFlag,
  }

  async run(): Promise<AdminTableUpdateResult> {
    const {args, flags} = await this.parse(AdminTableUpdate)
    const {clear: cleared = [], json: _json, server: _server, ...given} = flags
    const fields = await readTableFields(given, this.context)
    const admin = await openAdmin(this.context)
    const result = await updateTable(admin, {reference: args.table, fields, cleared}, this.signal)
    await this.present(result, updatedText)
    return result
  }
}
