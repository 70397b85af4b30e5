import {BaseCommand} from '../../../src/lib/base-command.js'

/** Waits until it is interrupted, then cleans up: says so on stderr. */
export default class Wait extends BaseCommand<object> {
  async run(): Promise<object> {
    await this.parse(Wait)
    const timer = setInterval(() => undefined, 60_000)
    const interrupted = new Promise((_, reject) =>
      this.signal.addEventListener('abort', () => reject(new Error('the socket broke'))),
    )
    if (!this.jsonEnabled()) await this.context.streams.out.write('ready\n')
    else await this.context.streams.err.write('ready\n')
    try {
      return (await interrupted) as object
    } finally {
      clearInterval(timer)
      await this.context.streams.err.write('cleaned\n')
    }
  }
}
