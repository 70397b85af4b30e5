import {BusyError, toAgnesError, UnreachableError} from '../errors.js'
import type {SessionFacts} from './session-context.js'

/** What a refresh that broke off means for the session. */
export function refreshFailure(thrown: unknown): SessionFacts['refresh'] {
  const error = toAgnesError(thrown)
  if (error instanceof BusyError) return {kind: 'running'}
  if (error instanceof UnreachableError) return {kind: 'offline'}
  return {kind: 'failed', code: error.code, message: error.message}
}
