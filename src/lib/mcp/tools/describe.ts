import {z} from 'zod/mini'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'
import {tableFacts} from './table-facts.js'

export const describe = defineTool({
  name: 'describe',
  description: 'Show columns and first rows of a table.',
  input: z.strictObject({table: argument.name(), rows: z._default(argument.count(100), 5)}),
  output: answerSchema(
    'id:string name:string columns:array rows:array notes:array leftOut?:object',
  ),
  lists: ['rows', 'columns'],
  narrow: 'Ask for fewer rows, or only for the schema.',
  async run({table, rows}, deps, signal) {
    const {facts, sample} = await tableFacts({typed: table, rows}, deps, signal)
    const {columns = [], from = null} = sample ?? {}
    const rowColumns = columns.map(({name}) => name)
    return {answer: {...facts, rowsFrom: from, rowColumns, rows: sample?.rows ?? []}}
  },
})
