import type {RegisteredPart} from '../query/answer-source.js'
import {
  answerFrom,
  queryLimits,
  type AnswerDeps,
  type AnswerRequest,
  type QueryAnswer,
} from '../query/answer-query.js'
import {LocalQuery, type PrepareTarget} from '../query/local-query.js'
import {registerParts, type PartDeps} from './register-parts.js'
import type {Registration} from './registration.js'

export interface HybridRequest extends AnswerRequest {
  registrations: readonly Registration[]
}

export interface HybridDeps extends AnswerDeps {
  parts: Omit<PartDeps, 'notices'>
  /** What was noticed before a failure; of an answer it is among its notices. */
  onNotice(text: string): void
}

/** Runs the parts where they belong and the query over their rows here. */
export async function answerHybrid(
  request: HybridRequest,
  deps: HybridDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const prepare = async (target: PrepareTarget): Promise<RegisteredPart[]> => {
    const {notices} = target.binder
    try {
      return await registerParts(request.registrations, target, {...deps.parts, notices}, signal)
    } catch (error) {
      notices.forEach((notice) => deps.onNotice(notice))
      throw error
    }
  }
  const limits = queryLimits(request, deps.random)
  const open = (allowedFiles: string[]) =>
    LocalQuery.open({sql: request.sql, limits, allowedFiles, prepare}, deps, signal)
  return answerFrom(open, request, deps, signal)
}
