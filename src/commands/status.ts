import {BaseCommand} from '../lib/base-command.js'

export interface StatusResult {
  workspace: string
}

export default class Status extends BaseCommand<StatusResult> {
  static override summary = 'Show the workspace'

  async run(): Promise<StatusResult> {
    await this.parse(Status)
    const {root} = await this.context.findWorkspace(undefined)
    const result = {workspace: root}
    await this.present(result, ({workspace}) => workspace)
    return result
  }
}
