import type {FastifyError, FastifyReply, FastifyRequest} from 'fastify'
import {AgnesError, ConflictError, MissingError, UsageError} from '../lib/errors.js'
import type {Logger} from '../lib/ports/logger.js'
import {ApiError} from './api-error.js'
import {missingBody} from './request-body.js'

/** Any failure of a handler as the contract's answer. What is not expected is 500 and logged, never told. */
export function errorHandler(logger: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = toApiError(error)
    if (answer) {
      void reply.code(answer.status).headers(answer.headers).send({detail: answer.detail})
      return
    }
    logger.error('request failed', {
      requestId: request.id,
      method: request.method,
      path: request.url.split('?', 1)[0],
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    void reply.code(500).send({detail: 'Internal server error', request_id: request.id})
  }
}

/** Paths nobody serves: the reference server's catch-all answers GET only. */
export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  if (request.method === 'GET') void reply.code(404).send({detail: 'Page not found'})
  else void reply.code(405).header('allow', 'GET').send({detail: 'Method Not Allowed'})
}

function toApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (error instanceof MissingError) return new ApiError(404, error.message)
  if (error instanceof ConflictError) return new ApiError(409, error.message)
  if (error instanceof UsageError) return new ApiError(400, error.message)
  if (error instanceof AgnesError) return undefined
  const {code, statusCode} = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ApiError(413, 'Request body too large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return missingBody()
  // What fastify itself refuses (a path that cannot be decoded, a broken Content-Length).
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500)
    return new ApiError(statusCode, (error as Error).message)
  return undefined
}
