import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {packageRoot} from '../lib/config/paths.js'
import {statusText} from '../lib/present/status-text.js'
import {readStatus, type StatusReport} from '../lib/status/read-status.js'

export type {StatusFrame} from '../lib/daemon/client/watch-status.js'

/** Every field is described at `StatusReport`. */
export type StatusResult = StatusReport

export default class Status extends BaseCommand<StatusResult> {
  static override summary = 'Show the workspace: server, sign-in, tables and how fresh they are'
  static override description =
    'Reads what is stored on this computer only; the server is not asked. A table counts as changed ' +
    'when the size or time of its file moved; agnes verify reads the bytes.'
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --json',
    '<%= config.bin %> status --watch',
  ]
  static override flags = {
    watch: Flags.boolean({
      summary: 'Go on showing what the daemon does, or the workspace where there is none',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<StatusResult> {
    const {flags} = await this.parse(Status)
    const {context} = this
    const read = async () => {
      const found = await context.findWorkspace(flags.workspace)
      const workspace = context.filesAt(found.root)
      const packageFiles = context.filesAt(packageRoot())
      return readStatus({...context, workspace, packageFiles}, found)
    }
    if (flags.watch) {
      const {showStatus} = await import('../lib/present/watch-text.js')
      const {watchStatus} = await import('../lib/daemon/client/watch-status.js')
      const view = showStatus(context.streams.out, this.jsonEnabled())
      const deps = {clock: context.clock, socket: await context.controlSocket(), readOwn: read}
      await watchStatus(deps, view.show, this.signal).finally(view.close)
      this.exit(0)
    }
    const report = await read()
    await this.present(report, statusText)
    return report
  }
}
