import {promptLine, promptSecret, readAll} from '../credentials/prompt-secret.js'
import {UsageError} from '../errors.js'
import type {Streams} from '../ports/streams.js'
import type {PasswordSource} from './password-sign-in.js'

/** What a command was told about who signs in. */
export interface CredentialFlags {
  email: string | undefined
  isPasswordOnStdin: boolean
}

/** Whether a person is there to answer. */
export function isAttended({in: input, err}: Streams): boolean {
  return input.isTTY === true && err.isTty
}

/**
 * Where e-mail and password come from: flag and stdin, or a person. `undefined` when nothing was said and
 * nobody is there. `UsageError` for half of it.
 */
export function passwordSource(
  streams: Streams,
  {email, isPasswordOnStdin}: CredentialFlags,
  signal: AbortSignal,
): PasswordSource | undefined {
  const canAsk = isAttended(streams)
  if (email === undefined && isPasswordOnStdin)
    throw new UsageError('--password-stdin needs --email.', {
      code: 'email_required',
      hint: 'Give both: --email you@example.com --password-stdin',
    })
  if (isPasswordOnStdin && email !== undefined)
    return async () => ({
      email,
      password: (await readAll(streams.in, signal)).replace(/^\uFEFF/, '').replace(/\r?\n$/, ''),
    })
  if (canAsk)
    return async (beforeAsking) => {
      await beforeAsking()
      return {
        email: email ?? (await promptLine(streams, 'E-mail: ', signal)).trim(),
        password: await promptSecret(streams, 'Password (it is not shown): ', signal),
      }
    }
  if (email === undefined) return undefined
  throw new UsageError('A password is needed, and nobody is there to ask.', {
    code: 'password_required',
    hint: 'Add --password-stdin and send the password to standard input.',
  })
}
