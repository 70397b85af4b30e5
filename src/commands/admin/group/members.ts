import {Args} from '@oclif/core'
import {findGroup} from '../../../lib/admin/find.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {memberList} from '../../../lib/present/admin-lists.js'
import type {Member} from '../../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminGroupMembersResult {
  members: Member[]
  count: number
}

export default class AdminGroupMembers extends BaseCommand<
  Omit<AdminGroupMembersResult, 'members'>
> {
  static override summary = 'List who is in a group'
  static override examples = ['<%= config.bin %> admin group members analysts']
  static override args = {
    group: Args.string({
      description: 'The group: name, id or the beginning of either',
      required: true,
    }),
  }
  static override flags = {...serverFlag}

  async run(): Promise<Omit<AdminGroupMembersResult, 'members'>> {
    const {args} = await this.parse(AdminGroupMembers)
    const {api} = await openAdmin(this.context)
    const group = await findGroup(api, {reference: args.group}, this.signal)
    return this.presentPages('members', api.members(group.id, this.signal), (rows, at) =>
      listPage(memberList, rows, at),
    )
  }
}
