import {chooseToken, type TokenInput} from '../credentials/choose-token.js'
import {verifySignIn} from '../credentials/verify-sign-in.js'
import {keepSignIn, type LoginOptions, type LoginOutcome, type SignInContext} from './login.js'

/** Checks a token that was handed over with the server, then keeps it. Nothing is kept of a refused one. */
export async function importToken(
  context: SignInContext,
  options: {origin: string; input: Omit<TokenInput, 'origin' | 'environment' | 'stores'>} & Pick<
    LoginOptions,
    'store'
  >,
  signal: AbortSignal,
): Promise<LoginOutcome> {
  const {origin, input, store} = options
  const nowhereElse = {environment: undefined, stores: []}
  const {token} = await chooseToken({...input, ...nowhereElse, origin})
  const http = await context.httpWithToken(origin, token)
  await verifySignIn({http, token, clock: context.clock}, signal)
  const obtained = {token, email: '', method: 'token', isSession: false} as const
  return keepSignIn(context, {origin, obtained, store}, signal)
}
