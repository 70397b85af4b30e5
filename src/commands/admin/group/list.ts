import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {groupList} from '../../../lib/present/admin-lists.js'
import type {Group} from '../../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminGroupListResult {
  groups: Group[]
  count: number
}

export default class AdminGroupList extends BaseCommand<Omit<AdminGroupListResult, 'groups'>> {
  static override summary = 'List the groups, with how many members and grants each has'
  static override examples = [
    '<%= config.bin %> admin group list',
    '<%= config.bin %> admin group list --json',
  ]
  static override flags = {...serverFlag}

  async run(): Promise<Omit<AdminGroupListResult, 'groups'>> {
    await this.parse(AdminGroupList)
    const {api} = await openAdmin(this.context)
    return this.presentPages('groups', api.groups(this.signal), (rows, at) =>
      listPage(groupList, rows, at),
    )
  }
}
