import {Args} from '@oclif/core'
import {grantOrShow, type GrantOrShown} from '../../lib/admin/grant-tables.js'
import {shortfall} from '../../lib/admin/changes.js'
import {openAdmin} from '../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {grantOrShownText} from '../../lib/present/admin-grant-text.js'

/** `kind` tells which: `granted`, `group` or `groups`. Fields are described at each. */
export type AdminGrantResult = GrantOrShown

export default class AdminGrant extends BaseCommand<AdminGrantResult> {
  static override summary = 'Let a group read tables, or show what it may read'
  static override description =
    'With a group and tables it grants them; with a group alone it shows what that group may read; without ' +
    'anything it shows the groups. To take a grant back: agnes admin grant delete ID'
  static override examples = [
    '<%= config.bin %> admin grant',
    '<%= config.bin %> admin grant analysts',
    '<%= config.bin %> admin grant analysts orders customers',
  ]
  static override args = {
    words: Args.string({description: 'A group, then the tables it may read', multiple: true}),
  }
  static override flags = {...serverFlag}

  async run(): Promise<AdminGrantResult> {
    const {args} = await this.parse(AdminGrant)
    const admin = await openAdmin(this.context)
    const [group, ...tables] = args.words ?? []
    const request = {group, tables, onNote: (note: string) => this.addWarning(note)}
    const result = await grantOrShow(admin, request, this.signal)
    await this.present(result, grantOrShownText)
    if (result.kind !== 'granted') return result
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
