import {z} from 'zod/mini'
import {listSnapshots} from '../../snapshot/list-snapshots.js'
import {openLocalSnapshots} from '../../snapshot/open-snapshots.js'
import {findSnapshot} from '../../snapshot/refresh-snapshot.js'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'
import {factsOf} from './snapshot-drop.js'

export const snapshotList = defineTool({
  name: 'snapshot_list',
  description: 'List snapshots; with name show one, and give the handle that snapshot_drop needs.',
  input: z.strictObject({name: z.optional(argument.name())}),
  output: answerSchema('snapshots:array handle?:string leftOut?:object'),
  lists: ['snapshots'],
  narrow: 'Ask for one by name.',
  async run({name}, {around, workspace}) {
    const {root} = await around.findWorkspace(workspace)
    if (name === undefined)
      return {answer: {snapshots: await listSnapshots(around.filesAt(root), around.clock.now())}}
    const found = await findSnapshot(openLocalSnapshots(around, root), name)
    return {
      answer: {snapshots: [found]},
      offer: {tool: 'snapshot_drop', subject: {name}, seen: factsOf(found)},
    }
  },
})
