import {Flags} from '@oclif/core'
import {readAuditFilter} from '../../lib/admin/audit-pages.js'
import {firstRows} from '../../lib/admin/pages.js'
import {openAdmin} from '../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {listPage} from '../../lib/present/admin-list-text.js'
import {auditList} from '../../lib/present/admin-lists.js'
import type {AuditEntry} from '../../lib/wire/admin.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminAuditResult {
  entries: AuditEntry[]
  count: number
}

export default class AdminAudit extends BaseCommand<Omit<AdminAuditResult, 'entries'>> {
  static override summary = 'Show who changed, read and was refused what, newest first'
  static override aliases = ['admin:activity']
  static override examples = [
    '<%= config.bin %> admin audit --since 24h',
    '<%= config.bin %> admin audit --user ann@example.com --limit 20',
  ]
  static override flags = {
    since: Flags.string({
      summary: 'Only the last so long, such as 30m, 24h or 7d',
      helpValue: 'TIME',
    }),
    user: Flags.string({summary: 'Only what this user did', helpValue: 'USER'}),
    limit: Flags.integer({
      summary: 'Only the newest so many [default: all]',
      min: 1,
      helpValue: 'N',
    }),
    ...serverFlag,
  }

  async run(): Promise<Omit<AdminAuditResult, 'entries'>> {
    const {flags} = await this.parse(AdminAudit)
    const {api} = await openAdmin(this.context)
    const filter = await readAuditFilter(api, flags, this.signal)
    return this.presentPages(
      'entries',
      firstRows(api.audit(filter, this.signal), flags.limit),
      (rows, at) => listPage(auditList, rows, at),
    )
  }
}
