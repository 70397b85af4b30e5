import {
  AuthError,
  BusyError,
  ConflictError,
  ForbiddenError,
  IntegrityError,
  MissingError,
  PartialError,
  QueryError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UnexpectedError,
  UnreachableError,
  UsageError,
  type AgnesError,
  type ErrorDocument,
} from '../errors.js'

const KINDS = [
  AuthError,
  BusyError,
  ConflictError,
  ForbiddenError,
  IntegrityError,
  MissingError,
  PartialError,
  QueryError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UnreachableError,
  UsageError,
] as const

/** An error on its way through the socket. */
export interface ErrorReply extends ErrorDocument {
  exitCode: number
}

/** The error the daemon answered, as the same kind it was there. */
export function remoteError({error, exitCode}: ErrorReply): AgnesError {
  const {code, message, hint, details} = error
  const Kind = KINDS.find((kind) => new kind('').exitCode === exitCode) ?? UnexpectedError
  return new Kind(message, {code, details, ...(hint === null ? {} : {hint})})
}
