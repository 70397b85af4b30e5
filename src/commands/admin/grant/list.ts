import {Flags} from '@oclif/core'
import {findGroup} from '../../../lib/admin/find.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {grantList} from '../../../lib/present/admin-lists.js'
import type {Grant} from '../../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminGrantListResult {
  grants: Grant[]
  count: number
}

export default class AdminGrantList extends BaseCommand<Omit<AdminGrantListResult, 'grants'>> {
  static override summary = 'List which group may use what'
  static override examples = [
    '<%= config.bin %> admin grant list',
    '<%= config.bin %> admin grant list --group analysts --type table',
    '<%= config.bin %> admin grant list --json',
  ]
  static override flags = {
    group: Flags.string({summary: 'Only grants of this group', helpValue: 'GROUP'}),
    type: Flags.string({summary: 'Only resources of this type, such as table', helpValue: 'TYPE'}),
    ...serverFlag,
  }

  async run(): Promise<Omit<AdminGrantListResult, 'grants'>> {
    const {flags} = await this.parse(AdminGrantList)
    const {api} = await openAdmin(this.context)
    const group =
      flags.group === undefined
        ? undefined
        : await findGroup(api, {reference: flags.group}, this.signal)
    const filter = {groupId: group?.id, resourceType: flags.type}
    return this.presentPages('grants', api.grants(filter, this.signal), (rows, at) =>
      listPage(grantList, rows, at),
    )
  }
}
