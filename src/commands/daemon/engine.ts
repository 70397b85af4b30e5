import {BaseCommand} from '../../lib/base-command.js'
import {packageRoot} from '../../lib/config/paths.js'
import {answerQueries} from '../../lib/daemon/warm/answer-queries.js'
import {loadCommand} from '../../lib/run-cli.js'

export interface DaemonEngineResult {
  /** Queries it has run. */
  answered: number
}

export default class DaemonEngine extends BaseCommand<DaemonEngineResult> {
  static override hidden = true
  static override summary = 'Answer the queries of this account with the engine loaded'
  static override description =
    'What the daemon starts when somebody queries. It ends when nobody has asked for some minutes.'
  static override examples = ['<%= config.bin %> daemon engine']

  async run(): Promise<DaemonEngineResult> {
    await this.parse(DaemonEngine)
    const Query = await loadCommand(packageRoot(), ['query'])
    const engine = await this.context.queryEngine()
    const listener = await engine.listen((argv) => Query.launch(['query'], argv))
    return answerQueries(listener, this.context.clock, this.signal)
  }
}
