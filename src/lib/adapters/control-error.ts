import {fromErrorDocument, type AgnesError, type ErrorDocument} from '../errors.js'

/** An error on its way through the socket. */
export interface ErrorReply extends ErrorDocument {
  exitCode: number
}

/** The error the daemon answered, as the same kind it was there. */
export function remoteError({exitCode, ...document}: ErrorReply): AgnesError {
  return fromErrorDocument(document, exitCode)
}
