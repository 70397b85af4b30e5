import {Args} from '@oclif/core'
import {BaseCommand} from '../../../src/lib/base-command.js'

/** Asks ORIGIN for /api/health through the real HTTP client. */
export default class Fetch extends BaseCommand<object> {
  static override args = {origin: Args.string({required: true})}

  async run(): Promise<object> {
    const {args} = await this.parse(Fetch)
    const client = await this.context.httpWithToken(args.origin, 'secret')
    const {status, body} = await client.requestJson('GET', '/api/health', {}, this.signal)
    return {status, body}
  }
}
