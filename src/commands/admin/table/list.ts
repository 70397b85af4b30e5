import {onePage} from '../../../lib/admin/pages.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {tableList} from '../../../lib/present/admin-lists.js'
import type {RegisteredTable} from '../../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminTableListResult {
  tables: RegisteredTable[]
  count: number
}

export default class AdminTableList extends BaseCommand<Omit<AdminTableListResult, 'tables'>> {
  static override summary = 'List every registered table, whoever may read it'
  static override aliases = ['admin:list-tables']
  static override examples = [
    '<%= config.bin %> admin table list',
    '<%= config.bin %> admin table list --json',
  ]
  static override flags = {...serverFlag}

  async run(): Promise<Omit<AdminTableListResult, 'tables'>> {
    await this.parse(AdminTableList)
    const {api} = await openAdmin(this.context)
    return this.presentPages('tables', onePage(api.tables(this.signal)), (rows, at) =>
      listPage(tableList, rows, at),
    )
  }
}
