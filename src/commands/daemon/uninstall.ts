import {BaseCommand} from '../../lib/base-command.js'
import {uninstallService, type ServiceResult} from '../../lib/daemon/install/install-service.js'
import {openService} from '../../lib/daemon/install/open-service.js'
import {serviceText} from '../../lib/present/daemon-text.js'

export type DaemonUninstallResult = ServiceResult

export default class DaemonUninstall extends BaseCommand<DaemonUninstallResult> {
  static override summary = 'Stop starting the daemon with every sign-in'
  static override description = 'Stops the service and removes its unit.'
  static override examples = ['<%= config.bin %> daemon uninstall']

  async run(): Promise<DaemonUninstallResult> {
    await this.parse(DaemonUninstall)
    const result = await uninstallService(openService(this.context), this.signal)
    await this.present(result, serviceText)
    return result
  }
}
