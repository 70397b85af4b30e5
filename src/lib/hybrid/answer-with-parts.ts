import {readBigQuerySettings} from '../config/bigquery-settings.js'
import type {Env} from '../config/env.js'
import type {OpenRemoteEngine} from '../ports/remote-engine.js'
import type {AnswerRequest, QueryAnswer} from '../query/answer-query.js'
import {answerInScope, openServer, type Scope, type ScopeDeps} from '../remote/answer-in-scope.js'
import type {Registration} from './registration.js'

export interface WithPartsDeps extends ScopeDeps {
  env: Pick<Env, 'bigQuery' | 'registerMaxRows' | 'registerMaxBytes' | 'stallMs'>
  openBigQuery: OpenRemoteEngine
}

/** Of every part that names no other: what servers allow when nobody has set them up. */
const USUAL_CEILING_BYTES = 5 * 2 ** 30

/** A query with registered parts runs in the workspace, any other on the side that `scope` names. */
export async function answerWithParts(
  request: AnswerRequest & {scope: Scope; registrations: readonly Registration[]},
  deps: WithPartsDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  if (request.registrations.length === 0) return answerInScope(request, deps, signal)
  const {root} = await deps.findWorkspace(deps.workspaceFlag)
  const {env, config} = deps
  const parts = {
    ...{clock: deps.clock, warehouse: deps.warehouse},
    ...{timeoutMs: deps.timeoutMs, stallMs: env.stallMs},
    maxBytes: deps.maxBytes ?? USUAL_CEILING_BYTES,
    limits: {maxRows: env.registerMaxRows, maxBytes: env.registerMaxBytes},
    server: () => openServer(root, deps),
    async bigQuery() {
      const settings = await readBigQuerySettings(config, env)
      return settings && deps.openBigQuery(settings)
    },
  }
  const {answerHybrid} = await import('./answer-hybrid.js')
  return answerHybrid(request, {...deps, workspace: deps.filesAt(root), parts}, signal)
}
