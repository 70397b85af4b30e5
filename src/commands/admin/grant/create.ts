import {Args, Flags} from '@oclif/core'
import {createGrants} from '../../../lib/admin/change-grants.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminGrantCreateResult = ChangeResult

export default class AdminGrantCreate extends BaseCommand<AdminGrantCreateResult> {
  static override summary = 'Let a group use tables or other resources'
  static override description =
    'What is granted already is no failure. Exit code 12: some were granted, others not. For tables, ' +
    '"agnes admin grant GROUP TABLE" is shorter.'
  static override examples = [
    '<%= config.bin %> admin grant create analysts table orders customers',
    '<%= config.bin %> admin grant create analysts data_package pkg_4da47b2e0fce --requirement required',
  ]
  static override args = {
    group: Args.string({
      description: 'The group: name, id or the beginning of either',
      required: true,
    }),
    type: Args.string({
      description: 'Type of the resources, of agnes admin resource-types',
      required: true,
    }),
    resources: Args.string({
      description: 'Their ids; of tables also names',
      required: true,
      multiple: true,
    }),
  }
  static override flags = {
    requirement: Flags.option({
      options: ['available', 'required'] as const,
      summary: 'Whether members may do without it (servers from 0.84.8) [default: as it is]',
    })(),
    unlisted: Flags.boolean({summary: 'Also tables the server does not list yet'}),
    ...serverFlag,
  }

  async run(): Promise<AdminGrantCreateResult> {
    const {args, flags} = await this.parse(AdminGrantCreate)
    const request = {
      ...{group: args.group, resourceType: args.type, resources: args.resources},
      ...{requirement: flags.requirement, isUnlistedAllowed: flags.unlisted},
      onNote: (note: string) => this.addWarning(note),
    }
    const admin = await openAdmin(this.context)
    const result = await createGrants(admin, request, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
