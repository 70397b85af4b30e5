import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {askRunningDaemon} from '../../lib/daemon/client/ask-daemon.js'
import {pausedText} from '../../lib/present/daemon-text.js'

export interface DaemonPauseResult {
  /** ISO 8601; `resumed` when only `agnes daemon resume` ends it; `null` when it is not paused. */
  pausedUntil: string | null
}

export default class DaemonPause extends BaseCommand<DaemonPauseResult> {
  static override summary = 'Leave servers and workspaces alone for a while'
  static override examples = [
    '<%= config.bin %> daemon pause',
    '<%= config.bin %> daemon pause --minutes 90',
  ]
  static override flags = {
    minutes: Flags.integer({summary: 'Until then; otherwise until resumed', min: 1}),
  }

  async run(): Promise<DaemonPauseResult> {
    const {flags} = await this.parse(DaemonPause)
    const socket = await this.context.controlSocket()
    const result = await askRunningDaemon(
      socket,
      {op: 'pause', minutes: flags.minutes ?? null},
      this.signal,
    )
    await this.present(result, pausedText)
    return result
  }
}
