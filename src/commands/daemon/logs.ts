import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {followLog, readLog, type LogEvent} from '../../lib/daemon/client/read-log.js'
import {logText} from '../../lib/present/daemon-text.js'

export interface DaemonLogsResult {
  /** Absolute. */
  path: string
  /** Oldest first. */
  events: LogEvent[]
}

export default class DaemonLogs extends BaseCommand<DaemonLogsResult> {
  static override summary = 'Show what the daemon has done'
  static override examples = [
    '<%= config.bin %> daemon logs',
    '<%= config.bin %> daemon logs --follow',
  ]
  static override flags = {
    lines: Flags.integer({char: 'n', summary: 'How many events', default: 50, min: 1, max: 10_000}),
    follow: Flags.boolean({char: 'f', summary: 'Go on with what is written from now on'}),
  }

  async run(): Promise<DaemonLogsResult> {
    const {flags} = await this.parse(DaemonLogs)
    const {context, signal} = this
    const result = await readLog(context.config, flags.lines)
    await this.present(result, logText)
    if (flags.follow && !this.jsonEnabled())
      for await (const event of followLog(context, signal))
        await this.present({...result, events: [event]}, logText)
    return result
  }
}
