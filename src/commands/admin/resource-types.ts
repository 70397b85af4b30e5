import {onePage} from '../../lib/admin/pages.js'
import {openAdmin} from '../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {listPage} from '../../lib/present/admin-list-text.js'
import {resourceTypeList} from '../../lib/present/admin-lists.js'
import type {ResourceType} from '../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminResourceTypesResult {
  types: ResourceType[]
  count: number
}

export default class AdminResourceTypes extends BaseCommand<
  Omit<AdminResourceTypesResult, 'types'>
> {
  static override summary = 'List the types of things that can be granted'
  static override examples = ['<%= config.bin %> admin resource-types']
  static override flags = {...serverFlag}

  async run(): Promise<Omit<AdminResourceTypesResult, 'types'>> {
    await this.parse(AdminResourceTypes)
    const {api} = await openAdmin(this.context)
    return this.presentPages('types', onePage(api.resourceTypes(this.signal)), (rows, at) =>
      listPage(resourceTypeList, rows, at),
    )
  }
}
