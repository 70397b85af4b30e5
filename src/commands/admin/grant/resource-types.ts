import {onePage} from '../../../lib/admin/pages.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {resourceTypeList} from '../../../lib/present/admin-lists.js'

/** As `agnes admin resource-types`; an alias would be taken for a group by `agnes admin grant GROUP`. */
export default class AdminGrantResourceTypes extends BaseCommand<{count: number}> {
  static override summary = 'List the types of things that can be granted'
  static override examples = ['<%= config.bin %> admin grant resource-types']
  static override flags = {...serverFlag}

  async run(): Promise<{count: number}> {
    await this.parse(AdminGrantResourceTypes)
    const {api} = await openAdmin(this.context)
    return this.presentPages('types', onePage(api.resourceTypes(this.signal)), (rows, at) =>
      listPage(resourceTypeList, rows, at),
    )
  }
}
