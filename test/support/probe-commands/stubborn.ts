import {BaseCommand} from '../../../src/lib/base-command.js'

/** Tells each interruption and goes on working. */
export default class Stubborn extends BaseCommand<object> {
  async run(): Promise<object> {
    await this.parse(Stubborn)
    const {out} = this.context.streams
    this.signal.addEventListener('abort', () => void out.write('noted\n'))
    setInterval(() => undefined, 60_000)
    await out.write('ready\n')
    return new Promise(() => undefined)
  }
}
