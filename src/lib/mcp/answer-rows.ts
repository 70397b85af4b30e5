import type {RenderRows} from '../query/answer-source.js'
import {answerInScope} from '../remote/answer-in-scope.js'
import {collectRows, type Collected} from './collect-rows.js'
import type {Answer, McpSurroundings} from './tool.js'

export interface RowsRequest {
  sql: string
  scope: 'local' | 'remote'
  limit: number
}

interface Place {
  around: McpSurroundings
  workspace: string | undefined
}

/** Rows of one SELECT, as many as an answer holds. */
export async function answerRows(
  {sql, scope, limit}: RowsRequest,
  place: Place,
  signal: AbortSignal,
): Promise<Answer> {
  const {env} = place.around
  const collected: Collected = {rows: [], chars: 0, isCut: false}
  const render: RenderRows = (rows) => collectRows(rows, collected, env.mcpMaxOutputChars)
  const request = {
    ...{sql, scope, limit, render, out: undefined, holdBack: 0},
    ...{memoryLimitMb: env.queryMemoryMb, threads: env.queryThreads},
  }
  const answer = await answerInScope(request, answerDeps(place), signal)
  const {columns, notices, origin} = answer
  const isCut = collected.isCut || answer.isTruncated
  return {
    columns: columns.map(({name, typeText}) => ({name, type: typeText})),
    rows: collected.rows,
    ...{isCut, source: origin.source, notes: notices},
    ...(origin.source === 'server' ? {bytesScanned: origin.bytesScanned} : {}),
    ...(isCut ? {advice: 'There are more rows: aggregate, filter, or raise limit.'} : {}),
  }
}

function answerDeps({around, workspace}: Place) {
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
