import {BaseCommand} from '../../lib/base-command.js'
import {installService, type ServiceResult} from '../../lib/daemon/install/install-service.js'
import {openService} from '../../lib/daemon/install/open-service.js'
import {serviceText} from '../../lib/present/daemon-text.js'

export type DaemonInstallResult = ServiceResult

export default class DaemonInstall extends BaseCommand<DaemonInstallResult> {
  static override summary = 'Start the daemon with every sign-in'
  static override description =
    'A systemd user unit, a launchd agent or a scheduled task, whichever this system has. `agnes daemon uninstall` takes it away.'
  static override examples = ['<%= config.bin %> daemon install']

  async run(): Promise<DaemonInstallResult> {
    await this.parse(DaemonInstall)
    const result = await installService(openService(this.context), this.signal)
    await this.present(result, serviceText)
    return result
  }
}
