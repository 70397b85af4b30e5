import {Args, Flags} from '@oclif/core'
import {openAccess} from '../../lib/access/open-access.js'
import {planFileAccess, type PlanResult} from '../../lib/access/plan-file-access.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {planText} from '../../lib/present/access-text.js'

/** Every field is described at `PlanResult`. */
export type AdminPlanResult = PlanResult

export default class AdminPlan extends BaseCommand<AdminPlanResult> {
  static override summary = 'Show what a file of access would change, and change nothing'
  static override description =
    'The file is one as `agnes admin export` writes it. What it does not mention is left alone; what a ' +
    'section of it does not list is removed with --prune only. --out keeps the plan: applying it is ' +
    'refused as soon as anything it saw has changed.'
  static override examples = [
    '<%= config.bin %> admin plan access.yaml',
    '<%= config.bin %> admin plan access.yaml --prune --out access.plan',
  ]
  static override args = {file: Args.string({description: 'The file of access', required: true})}
  static override flags = {
    prune: Flags.boolean({summary: 'Also remove what the sections of the file do not list'}),
    out: Flags.string({summary: 'Keep the plan here, for `agnes admin apply`', helpValue: 'FILE'}),
    ...serverFlag,
  }

  async run(): Promise<AdminPlanResult> {
    const {args, flags} = await this.parse(AdminPlan)
    const access = await openAccess(this.context)
    const request = {path: args.file, prune: Boolean(flags.prune), out: flags.out}
    const result = await planFileAccess(access, request, this.signal)
    await this.present(result, planText)
    return result
  }
}
