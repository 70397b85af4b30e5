import {z} from 'zod/mini'
import type {RenderRows} from '../../query/answer-source.js'
import {answerInScope} from '../../remote/answer-in-scope.js'
import {answerSchema, argument, decision} from '../arguments.js'
import {collectRows, type Collected} from '../collect-rows.js'
import {querySubject} from '../requests.js'
import {defineTool, type ToolDeps} from '../tool.js'
import {withinTime} from '../within-time.js'

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
    const collected: Collected = {rows: [], chars: 0, isCut: false}
    const most = deps.around.env.mcpMaxOutputChars
    const render: RenderRows = (rows) => collectRows(rows, collected, most)
    const request = {
      ...{sql, scope, limit, render, out: undefined, holdBack: 0},
      memoryLimitMb: deps.around.env.queryMemoryMb,
      threads: deps.around.env.queryThreads,
    }
    const work = (until: AbortSignal) => answerInScope(request, answerDeps(deps), until)
    const answer =
      scope === 'local' ? await withinTime(deps.around.clock, work, signal) : await work(signal)
    const {columns, notices, origin} = answer
    const isCut = collected.isCut || answer.isTruncated
    return {
      answer: {
        columns: columns.map(({name, typeText}) => ({name, type: typeText})),
        rows: collected.rows,
        ...{isCut, source: origin.source, notes: notices},
        ...(origin.source === 'server' ? {bytesScanned: origin.bytesScanned} : {}),
        ...(isCut ? {advice: 'There are more rows: aggregate, filter, or raise limit.'} : {}),
      },
    }
  },
})

function answerDeps({around, workspace}: ToolDeps) {
  const {filesAt, currentDir, folders, random, clock, config, env} = around
  return {
    ...{filesAt, currentDir, folders, random, clock, config},
    warehouse: () => around.warehouse(),
    findWorkspace: (flag: string | undefined) => around.findWorkspace(flag),
    serverOrigin: (server: string | undefined) => around.serverOrigin(server),
    http: (origin: string) => around.http(origin),
    output: NOWHERE,
    workspaceFlag: workspace,
    timeoutMs: env.remoteQueryTimeoutMs,
    maxBytes: env.remoteMaxBytes,
    onFirstWrite() {},
    onNotice() {},
  }
}

/** Rows are collected, not written. */
const NOWHERE = {
  ...{isTty: false, hasColor: false, columns: 80, isClosed: false},
  async write() {},
}
