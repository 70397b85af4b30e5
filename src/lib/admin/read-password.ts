import {promptSecret, readAll} from '../credentials/prompt-secret.js'
import {UsageError} from '../errors.js'
import type {Streams} from '../ports/streams.js'

/** A new password: all of stdin without its last line break, or typed twice. Never from the command line. */
export async function readNewPassword(
  streams: Streams,
  {email, isPiped}: {email: string; isPiped: boolean},
  signal: AbortSignal,
): Promise<string> {
  if (isPiped) return given((await readAll(streams.in, signal)).replace(/\r?\n$/, ''))
  if (!streams.in.isTTY || !streams.err.isTty)
    throw new UsageError('A password is asked for on a terminal only.', {
      code: 'password_needed',
      hint: 'Write it to stdin and add --password-stdin.',
    })
  const first = given(await promptSecret(streams, `New password of ${email}: `, signal))
  if ((await promptSecret(streams, 'The same again: ', signal)) === first) return first
  throw new UsageError('The two passwords differ. Nothing was changed.', {
    code: 'passwords_differ',
    hint: 'Run it again.',
  })
}

function given(password: string): string {
  if (password !== '') return password
  throw new UsageError('The password is empty.', {code: 'password_needed'})
}
