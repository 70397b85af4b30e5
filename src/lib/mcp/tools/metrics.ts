import {z} from 'zod/mini'
import {openDiscovery} from '../../discovery/open-discovery.js'
import {listMetrics, showMetric} from '../../metrics/read-business-metrics.js'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'

export const metrics = defineTool({
  name: 'metrics',
  description: 'List agreed business metrics, or with id one with its SQL. Use these, invent none.',
  input: z.strictObject({
    search: z.optional(argument.name()),
    id: z.optional(argument.name()),
  }),
  output: answerSchema('metrics:array notes:array leftOut?:object'),
  lists: ['metrics'],
  narrow: 'Use search, or ask for one by id.',
  async run({search, id}, {around, workspace}, signal) {
    const discovery = await openDiscovery({workspace}, around)
    const found =
      id === undefined
        ? (await listMetrics({search}, discovery, signal)).metrics.map(
            ({id: own, displayName, description, unit, tableName}) => ({
              ...{id: own, displayName, description, unit, tableName},
            }),
          )
        : [(await showMetric(id, discovery, signal)).metric]
    return {answer: {metrics: found, notes: discovery.notices}}
  },
})
