import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {openDoctor} from '../lib/doctor/open-doctor.js'
import {seeDoctor, type DoctorReport} from '../lib/doctor/see-doctor.js'
import {doctorText} from '../lib/present/doctor-text.js'

/** Every field is described at `DoctorReport`. */
export type DoctorResult = DoctorReport

export default class Doctor extends BaseCommand<DoctorResult> {
  static override summary =
    'Check everything a session in this workspace needs, and say what mends it'
  static override description =
    'Each line says what was looked at, who can mend it and how. The exit code is that of the first ' +
    'thing that is wrong; warnings do not count.'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --fix',
    '<%= config.bin %> doctor --json',
  ]
  static override flags = {
    fix: Flags.boolean({summary: 'Run the commands that mend what agnes itself can mend'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<DoctorResult> {
    const {flags} = await this.parse(Doctor)
    const found = await this.context.findWorkspace(flags.workspace)
    const options = {workspace: found.root, isFix: Boolean(flags.fix)}
    const open = () => openDoctor(this.context, found)
    const {report, failure} = await seeDoctor(open, options, this.signal)
    await this.present(report, doctorText)
    if (failure) await this.presentFailure(failure)
    return report
  }
}
