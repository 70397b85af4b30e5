import {z} from 'zod/mini'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'
import {tableFacts} from './table-facts.js'

export const schema = defineTool({
  name: 'schema',
  description:
    'Show the columns and types of a table, its partition column, and how to write WHERE.',
  input: z.strictObject({table: argument.name()}),
  output: answerSchema('id:string name:string columns:array notes:array leftOut?:object'),
  lists: ['columns'],
  narrow: 'The table is very wide: ask for the columns you need with query on DESCRIBE.',
  async run({table}, deps, signal) {
    return {answer: (await tableFacts({typed: table, rows: 0}, deps, signal)).facts}
  },
})
