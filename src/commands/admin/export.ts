import {exportAccess, type AccessExport} from '../../lib/access/export-access.js'
import {openAccess} from '../../lib/access/open-access.js'
import {everything, readAccess} from '../../lib/access/read-access.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {exportText} from '../../lib/present/access-text.js'

export interface AdminExportResult extends AccessExport {
  /** Origin. */
  server: string
}

export default class AdminExport extends BaseCommand<AdminExportResult> {
  static override summary = 'Write who may use what as one YAML file'
  static override description =
    'People, groups and their members, tables, grants and metrics, in a stable order: the same state ' +
    'gives the same bytes. Passwords and tokens are not in it.'
  static override examples = ['<%= config.bin %> admin export > access.yaml']
  static override flags = {...serverFlag}

  async run(): Promise<AdminExportResult> {
    await this.parse(AdminExport)
    const access = await openAccess(this.context)
    const current = await readAccess(access, everything, this.signal)
    const result = {server: access.server, ...(await exportAccess(current, access.server))}
    await this.present(result, exportText)
    return result
  }
}
