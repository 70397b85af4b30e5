import {z} from 'zod/mini'
import {UsageError} from '../../errors.js'
import {openServer} from '../../remote/answer-in-scope.js'
import {estimateQuery} from '../../remote/estimate-query.js'
import {createSnapshot} from '../../snapshot/create-snapshot.js'
import {openSnapshots} from '../../snapshot/open-snapshots.js'
import {answerSchema, argument, recipe} from '../arguments.js'
import {snapshotRequest} from '../requests.js'
import {querySubject, snapshotSubject} from '../requests.js'
import {defineTool, type ToolDeps, type ToolResult} from '../tool.js'

export const estimate = defineTool({
  name: 'estimate',
  description:
    'Say what the server would read, and run nothing: of sql before a remote query, or of a table part ' +
    'before snapshot_create. Gives the handle those need.',
  input: z.strictObject({sql: z.optional(argument.sql()), ...recipe}),
  output: answerSchema('scanBytes:any handle:string expiresAt:string next:string'),
  lists: [],
  narrow: 'Ask about less.',
  async run({sql, ...part}, deps, signal) {
    if (sql === undefined) return estimateSnapshot(part, deps, signal)
    if (Object.values(part).some((value) => value !== undefined))
      throw new UsageError('sql is a whole query: nothing else can be asked with it.', {
        code: 'bad_arguments',
        hint: 'Give sql alone, or a table with select and where.',
      })
    return estimateSql(sql, deps, signal)
  },
})

async function estimateSql(
  sql: string,
  {around, workspace}: ToolDeps,
  signal: AbortSignal,
): Promise<ToolResult> {
  const {root} = await around.findWorkspace(workspace)
  const cost = await estimateQuery(sql, await openServer(root, around), signal)
  const {server, table, engine, scanBytes, priceUsd, isUpperBound, reason} = cost
  const seen = {server, table, engine, scanBytes, priceUsd, isUpperBound, reason}
  return {
    answer: {...seen, next: 'Call query with this sql, scope "remote", the handle and a reason.'},
    offer: {tool: 'query', subject: querySubject({sql, scope: 'remote'}), seen},
  }
}

async function estimateSnapshot(
  part: Parameters<typeof snapshotRequest>[0],
  {around, workspace}: ToolDeps,
  signal: AbortSignal,
): Promise<ToolResult> {
  const request = snapshotRequest(part, around.env.snapshotMaxBytes)
  const {root} = await around.findWorkspace(workspace)
  const snapshots = await openSnapshots(around, root)
  const look = {...request, isEstimateOnly: true}
  const {estimate: cost, warnings} = await createSnapshot(snapshots, look, signal)
  const {maxBytes} = request.ceiling
  const isOver = (cost?.scanBytes ?? 0) > maxBytes
  const seen = {...cost, server: snapshots.http.origin, maxBytes, warnings}
  return {
    answer: {
      ...{scanBytes: null, ...seen, name: request.name, table: request.recipe.table},
      next: isOver
        ? 'This is over the ceiling: select fewer columns, filter, and estimate again.'
        : 'Call snapshot_create with the same arguments, the handle and a reason.',
    },
    offer: {tool: 'snapshot_create', subject: snapshotSubject(part), seen},
  }
}
