import {writeFileSync} from 'node:fs'
import {Args} from '@oclif/core'
import {BaseCommand} from '../../../src/lib/base-command.js'

/** Writes five million rows as long as somebody reads, then how many it made into a file. */
export default class Rows extends BaseCommand<object> {
  static override args = {file: Args.string({required: true})}

  async run(): Promise<object> {
    const {args} = await this.parse(Rows)
    const {out} = this.context.streams
    this.markPrinted()
    let rows = 0
    for (; rows < 5_000_000 && !out.isClosed; rows++) await out.write(`row ${rows}\n`)
    writeFileSync(args.file, String(rows))
    return {rows}
  }
}
