import {z} from 'zod/mini'
import {openDiscovery} from '../../discovery/open-discovery.js'
import {sampleTable} from '../../discovery/sample-table.js'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'

export const sample = defineTool({
  name: 'sample',
  description: 'Show some rows of a table; they stand for nothing.',
  input: z.strictObject({table: argument.name(), rows: z._default(argument.count(100), 10)}),
  output: answerSchema(
    'id:string name:string columns:array rows:array notes:array leftOut?:object',
  ),
  lists: ['rows', 'columns'],
  narrow: 'Ask for fewer rows, or for some columns with query.',
  async run({table, rows}, {around, workspace}, signal) {
    const discovery = await openDiscovery({workspace}, around)
    const {id, name, sample: some} = await sampleTable({typed: table, rows}, discovery, signal)
    const {from, totalRows, columns} = some
    return {
      answer: {id, name, from, totalRows, columns, rows: some.rows, notes: discovery.notices},
    }
  },
})
