import {z} from 'zod/mini'
import {answerLocally} from '../answer-locally.js'
import {answerRows} from '../answer-rows.js'
import {answerSchema, argument, decision} from '../arguments.js'
import {querySubject} from '../requests.js'
import {defineTool} from '../tool.js'

export const query = defineTool({
  name: 'query',
  description:
    'Ask one SELECT. scope local (default): DuckDB over pulled tables, snapshots and agnes_journal. scope ' +
    'remote: on the server in its dialect; needs a handle of estimate and a reason.',
  input: z.strictObject({
    sql: argument.sql(),
    scope: z._default(z.enum(['local', 'remote']), 'local'),
    limit: z._default(argument.count(10_000), 100),
    ...decision,
  }),
  output: answerSchema('columns:array rows:array isCut:boolean notes:array leftOut?:object'),
  lists: ['rows', 'columns'],
  narrow: 'Name fewer columns, aggregate, or lower limit.',
  subject: querySubject,
  async run({sql, scope, limit}, deps, signal) {
    const request = {sql, scope, limit}
    const answer =
      scope === 'local' ? answerLocally(request, deps, signal) : answerRows(request, deps, signal)
    return {answer: await answer}
  },
})
