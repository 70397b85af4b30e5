import {Args, Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {describeTable, type TableDescription} from '../lib/discovery/describe-table.js'
import {openDiscovery} from '../lib/discovery/open-discovery.js'
import {notesOn} from '../lib/present/cached-note.js'
import {describeText} from '../lib/present/schema-text.js'

/** Every field is described at `TableDescription`; `sample` is always `null` here. */
export type SchemaResult = TableDescription

export default class Schema extends BaseCommand<SchemaResult> {
  static override summary = 'Show the columns of a table'
  static override description =
    'As the server has them, with partition and cluster columns and how conditions are written there. ' +
    'Where the server cannot be asked: what it said last, or the columns of the pulled files; the answer ' +
    'says which.'
  static override examples = [
    '<%= config.bin %> schema orders',
    '<%= config.bin %> schema web_sessions --json',
  ]
  static override args = {
    table: Args.string({description: 'Name or id of the table', required: true}),
  }
  static override flags = {
    ...serverFlag,
    offline: Flags.boolean({summary: 'Do not ask the server'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SchemaResult> {
    const {args, flags} = await this.parse(Schema)
    const options = {workspace: flags.workspace, isOffline: flags.offline}
    const discovery = await openDiscovery(options, this.context)
    const result = await describeTable({typed: args.table, rows: 0}, discovery, this.signal)
    for (const note of notesOn(result, discovery.notices)) this.addWarning(note)
    await this.present(result, describeText)
    return result
  }
}
