import {AuthError, UsageError} from '../errors.js'
import type {SecretStore} from '../ports/secret-store.js'
import {findSecret} from './find-secret.js'

/** Where the token came from. Only what was handed over for this command is stored afterwards. */
export type TokenSource = 'flag' | 'file' | 'stdin' | 'prompt' | 'environment' | 'stored'

export interface ChosenToken {
  token: string
  source: TokenSource
  /** The kind of the store it was found in; `null` when it was handed over. */
  store: string | null
}

export interface TokenInput {
  origin: string
  /** `--token`. */
  flag: string | undefined
  /** `--token-file`: its text, `undefined` when the file is not there. */
  file: {path: string; read: () => Promise<string | undefined>} | undefined
  /** `--token-stdin`. */
  stdin: (() => Promise<string>) | undefined
  /** AGNES_TOKEN, where it may go to this origin. */
  environment: string | undefined
  stores: readonly SecretStore[]
  /** Asks a person; `undefined` when nobody is there to answer. */
  prompt: ((question: string) => Promise<string>) | undefined
}

/** The token to sign in with: handed over, AGNES_TOKEN, stored for this server, asked for, in this order. */
export async function chooseToken(input: TokenInput): Promise<ChosenToken> {
  const handed = await handedOver(input)
  if (handed) return {...handed, store: null}
  if (input.environment !== undefined)
    return {
      token: cleanToken(input.environment, 'AGNES_TOKEN'),
      source: 'environment',
      store: 'environment',
    }
  const stored = await findSecret(input.stores, input.origin)
  if (stored) return {token: stored.secret.token, source: 'stored', store: stored.kind}
  if (input.prompt) {
    const typed = await input.prompt(`Token for ${input.origin} (it is not shown): `)
    return {token: cleanToken(typed, 'what was typed'), source: 'prompt', store: null}
  }
  throw new AuthError(`No token was given for ${input.origin}.`, {
    code: 'no_token',
    hint: 'Give one with --token-stdin or --token-file FILE, or set AGNES_TOKEN. Your administrator issues tokens.',
    details: {origin: input.origin},
  })
}

async function handedOver({
  flag,
  file,
  stdin,
}: TokenInput): Promise<Omit<ChosenToken, 'store'> | undefined> {
  if (flag !== undefined) return {token: cleanToken(flag, '--token'), source: 'flag'}
  if (file !== undefined) {
    const text = await file.read()
    if (text === undefined)
      throw new UsageError(`The token file ${file.path} is not there.`, {
        code: 'no_token_file',
        hint: 'Check the path given with --token-file.',
        details: {path: file.path},
      })
    return {token: cleanToken(text, file.path), source: 'file'}
  }
  return stdin && {token: cleanToken(await stdin(), 'standard input'), source: 'stdin'}
}

/** Without byte order mark, white space and a `Bearer` in front. `UsageError` when that is no token. */
export function cleanToken(text: string, where: string): string {
  const token = text
    .replace(/\uFEFF/g, '')
    .trim()
    .replace(/^Bearer\s+/i, '')
  if (/^[\u0021-\u007E]+$/.test(token)) return token
  throw new UsageError(
    token === '' ? `No token in ${where}: it is empty.` : `What is in ${where} is not a token.`,
    {
      code: 'bad_token',
      hint: 'A token is one line without spaces. Copy it again from your server, or ask your administrator.',
    },
  )
}
