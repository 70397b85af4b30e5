import {Args} from '@oclif/core'
import {openAdmin} from '../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {whyText} from '../../lib/present/why-text.js'
import {whyFor} from '../../lib/why/why-for.js'
import type {WhyResult} from '../../lib/why/why-model.js'

/** Every field is described at `WhyResult`. */
export type AdminWhyResult = WhyResult

export default class AdminWhy extends BaseCommand<AdminWhyResult> {
  static override summary = 'Explain why somebody may read a table, or may not'
  static override description =
    'As a chain: account, tokens, groups, grants, registration, where the table answers. Each link says ' +
    'what would change it; what the server does not tell is named as unknown.'
  static override examples = ['<%= config.bin %> admin why ana@example.com orders']
  static override args = {
    user: Args.string({description: 'E-mail address or id of the user', required: true}),
    table: Args.string({description: 'Name or id of the table', required: true}),
  }
  static override flags = {...serverFlag}

  async run(): Promise<AdminWhyResult> {
    const {args} = await this.parse(AdminWhy)
    const {context, signal} = this
    const {api} = await openAdmin(context)
    const deps = {api, http: await context.http(api.origin), clock: context.clock}
    const result = await whyFor(args, deps, signal)
    await this.present(result, whyText)
    return result
  }
}
