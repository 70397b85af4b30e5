/**
 * Every failure the CLI can report: one class per row of the exit-code table (docs/exit-codes.md).
 * Services throw these; only the base command, the MCP server and the HTTP server translate them.
 */

/** Plain data that explains a failure to a program: JSON values only, never a request or a token. */
export type ErrorDetails = Record<string, unknown>

export interface ErrorOptions {
  /** Stable machine code, snake_case. Released codes never change. */
  code?: string
  /** The next command or step, as a sentence. */
  hint?: string
  details?: ErrorDetails
  cause?: unknown
}

export abstract class AgnesError extends Error {
  abstract readonly exitCode: number
  readonly code: string
  readonly hint: string | undefined
  readonly details: ErrorDetails
  /** True when the same command may succeed later without any change. */
  readonly retryable: boolean = false

  constructor(message: string, defaultCode: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause})
    this.name = new.target.name
    this.code = options.code ?? defaultCode
    this.hint = options.hint
    this.details = options.details ?? {}
  }
}

/** A bug of ours, or a failure nobody has classified yet. */
export class UnexpectedError extends AgnesError {
  readonly exitCode = 1
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'unexpected', options)
  }
}

/** Wrong flags or arguments, input a validator rejected, a refused redirect. */
export class UsageError extends AgnesError {
  readonly exitCode = 2
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'usage', options)
  }
}

/** Too many requests, or a quota is used up. `retryAfterMs` is the server's own wait where it gave one. */
export class RateLimitedError extends AgnesError {
  readonly exitCode = 3
  override readonly retryable = true
  readonly retryAfterMs: number | undefined
  constructor(message: string, options?: ErrorOptions & {retryAfterMs?: number}) {
    super(message, 'rate_limited', options)
    this.retryAfterMs = options?.retryAfterMs
  }
}

/** A table, snapshot, workspace or metric that is not there. */
export class MissingError extends AgnesError {
  readonly exitCode = 4
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'not_found', options)
  }
}

/** The server answered 5xx. */
export class ServerError extends AgnesError {
  readonly exitCode = 5
  override readonly retryable = true
  readonly retryAfterMs: number | undefined
  constructor(message: string, options?: ErrorOptions & {retryAfterMs?: number}) {
    super(message, 'server_error', options)
    this.retryAfterMs = options?.retryAfterMs
  }
}

/** Something with that name is already there. */
export class ConflictError extends AgnesError {
  readonly exitCode = 6
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'conflict', options)
  }
}

/** Not signed in, or the token is expired, revoked or unknown. */
export class AuthError extends AgnesError {
  readonly exitCode = 7
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'not_signed_in', options)
  }
}

/** Signed in, but not allowed. */
export class ForbiddenError extends AgnesError {
  readonly exitCode = 8
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'forbidden', options)
  }
}

/** No connection, a time-out, or an answer we cannot read. */
export class UnreachableError extends AgnesError {
  readonly exitCode = 9
  override readonly retryable = true
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'unreachable', options)
  }
}

/** Bytes that are not what was promised. Nothing on disk was replaced. */
export class IntegrityError extends AgnesError {
  readonly exitCode = 10
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'integrity', options)
  }
}

/** A lock is held by somebody else; the message says by whom. */
export class BusyError extends AgnesError {
  readonly exitCode = 11
  override readonly retryable = true
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'busy', options)
  }
}

/** Some tables failed, the rest is done. */
export class PartialError extends AgnesError {
  readonly exitCode = 12
  override readonly retryable = true
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'partial', options)
  }
}

/** The SQL is wrong. */
export class QueryError extends AgnesError {
  readonly exitCode = 13
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'query_error', options)
  }
}

/** Over a cost cap, a size policy, or the free space of the disk. */
export class TooLargeError extends AgnesError {
  readonly exitCode = 14
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'too_large', options)
  }
}

/** Stopped by the user (SIGINT, 130) or the system (SIGTERM, 143). */
export class InterruptedError extends AgnesError {
  readonly exitCode: number
  constructor(signal: 'SIGINT' | 'SIGTERM', options?: ErrorOptions) {
    super(signal === 'SIGINT' ? 'Interrupted.' : 'Stopped.', 'interrupted', options)
    this.exitCode = signal === 'SIGINT' ? 130 : 143
  }
}

/** Any thrown value as one of ours: what is not already an `AgnesError` is a bug. */
export function toAgnesError(error: unknown): AgnesError {
  if (error instanceof AgnesError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new UnexpectedError(`Unexpected failure: ${message}`, {
    cause: error,
    hint: 'This is a bug in agnes. Run the command again with AGNES_DEBUG=1 and report what it prints.',
  })
}

/** The `--json` form of a failure, the same for every command. */
export interface ErrorDocument {
  error: {
    code: string
    message: string
    hint: string | null
    retryable: boolean
    details: ErrorDetails
  }
}

export function toErrorDocument(error: AgnesError): ErrorDocument {
  return {
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      retryable: error.retryable,
      details: error.details,
    },
  }
}

/** The way back: what another process of ours told, as the same class it was there. */
export function fromErrorDocument({error}: ErrorDocument, exitCode: number | null): AgnesError {
  const {code, message, hint, details} = error
  const Kind = KINDS.find((kind) => new kind('').exitCode === exitCode) ?? UnexpectedError
  return new Kind(message, {code, details, ...(hint === null ? {} : {hint})})
}

const KINDS = [
  UsageError,
  RateLimitedError,
  MissingError,
  ServerError,
  ConflictError,
  AuthError,
  ForbiddenError,
  UnreachableError,
  IntegrityError,
  BusyError,
  PartialError,
  QueryError,
  TooLargeError,
] as const
