import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {userList} from '../../../lib/present/admin-lists.js'
import type {User} from '../../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminUserListResult {
  users: User[]
  count: number
}

export default class AdminUserList extends BaseCommand<Omit<AdminUserListResult, 'users'>> {
  static override summary = 'List the users, with their role and groups'
  static override aliases = ['admin:list-users']
  static override examples = ['<%= config.bin %> admin user list']
  static override flags = {...serverFlag}

  async run(): Promise<Omit<AdminUserListResult, 'users'>> {
    await this.parse(AdminUserList)
    const {api} = await openAdmin(this.context)
    return this.presentPages('users', api.users(this.signal), (rows, at) =>
      listPage(userList, rows, at),
    )
  }
}
