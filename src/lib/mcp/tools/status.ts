import {z} from 'zod/mini'
import {packageRoot} from '../../config/paths.js'
import {readStatus} from '../../status/read-status.js'
import {answerSchema} from '../arguments.js'
import {defineTool} from '../tool.js'

export const status = defineTool({
  name: 'status',
  description: 'Show the workspace: server, sign-in, how fresh the tables are. Asks nobody.',
  input: z.strictObject({}),
  output: answerSchema('workspace:string server:any tables:array advice:array leftOut?:object'),
  lists: ['listed', 'tables'],
  narrow: 'Use catalog with search for one table.',
  async run(_input, {around, workspace}) {
    const found = await around.findWorkspace(workspace)
    const {clock, filesAt} = around
    const report = await readStatus(
      {
        ...{clock, workspace: filesAt(found.root), packageFiles: filesAt(packageRoot())},
        secrets: () => around.secrets(),
        serverOrigin: (server) => around.serverOrigin(server),
      },
      found,
    )
    return {answer: {...report}}
  },
})
