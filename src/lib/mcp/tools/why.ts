import {z} from 'zod/mini'
import {openDiscovery} from '../../discovery/open-discovery.js'
import {whyHere} from '../../why/why-here.js'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'

export const why = defineTool({
  name: 'why',
  description: 'Explain why a table is there for you or is not, and what would change it.',
  input: z.strictObject({table: argument.name()}),
  output: answerSchema('verdict:string summary:string steps:array notes:array'),
  lists: ['steps'],
  narrow: 'Ask about one table.',
  async run({table}, {around, workspace}, signal) {
    const discovery = await openDiscovery({workspace}, around)
    const result = await whyHere(table, discovery, signal)
    return {answer: {...result, notes: discovery.notices}}
  },
})
