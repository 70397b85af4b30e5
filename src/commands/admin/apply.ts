import {Args, Flags} from '@oclif/core'
import {applyFileAccess, type ApplyResult} from '../../lib/access/apply-file-access.js'
import {openAccess} from '../../lib/access/open-access.js'
import {BaseCommand, serverFlag, yesFlag} from '../../lib/base-command.js'
import {applyText, planDiff} from '../../lib/present/access-text.js'

/** Every field is described at `ApplyResult`. */
export type AdminApplyResult = ApplyResult

export default class AdminApply extends BaseCommand<AdminApplyResult> {
  static override summary = 'Make a server as a file of access says'
  static override description =
    'Shows the plan and asks first; with --plan it carries out that plan or nothing. People come first, ' +
    'then groups, members, tables, grants, metrics; what goes, goes the other way round. Goes on behind ' +
    'what fails (exit code 12) and reads everything again to prove the result. Interrupted: run it again.'
  static override examples = [
    '<%= config.bin %> admin apply access.yaml',
    '<%= config.bin %> admin apply access.yaml --prune --yes',
    '<%= config.bin %> admin apply access.yaml --plan access.plan',
  ]
  static override args = {file: Args.string({description: 'The file of access', required: true})}
  static override flags = {
    plan: Flags.string({summary: 'Carry out this plan, or nothing', helpValue: 'FILE'}),
    prune: Flags.boolean({summary: 'Also remove what the sections of the file do not list'}),
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminApplyResult> {
    const {args, flags} = await this.parse(AdminApply)
    const {err} = this.context.streams
    const request = {
      path: args.file,
      prune: Boolean(flags.prune),
      planPath: flags.plan,
      onPlan: async (plan: Parameters<typeof planDiff>[0]) => {
        if (err.isTty && !flags.yes) await err.write(planDiff(plan, err) + '\n')
      },
      onInterrupted: (message: string) => this.addWarning(message),
    }
    const access = await openAccess(this.context, flags)
    const {result, failure} = await applyFileAccess(access, request, this.signal)
    await this.present(result, applyText)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
