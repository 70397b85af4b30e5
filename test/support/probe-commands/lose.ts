import {BaseCommand} from '../../../src/lib/base-command.js'

/** Loses a promise: nobody awaits its rejection. */
export default class Lose extends BaseCommand<object> {
  async run(): Promise<object> {
    await this.parse(Lose)
    void Promise.reject(new TypeError('nobody awaits this'))
    setInterval(() => undefined, 60_000)
    return new Promise(() => undefined)
  }
}
