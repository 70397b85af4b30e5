import {hasTexts} from '../config/has-texts.js'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Secret, SecretStore} from '../ports/secret-store.js'
import {isFields} from '../wire/read-fields.js'

const PATH = 'token.json'

/**
 * The reference client's `token.json`, read-only. The file does not say which server its token is for;
 * `ownOrigin` tells the one that client talks to (`server` in its config.yaml), and no other gets it.
 */
export function legacyTokenStore(
  config: Files,
  ownOrigin: () => Promise<string | undefined>,
): SecretStore {
  const readOnly = () =>
    Promise.reject(
      new UsageError("The reference client's token.json is only read, never changed.", {
        code: 'read_only_credentials',
        hint: 'Sign in with `agnes init` to store a token of your own.',
      }),
    )
  return {
    kind: 'legacy',
    isReadOnly: true,
    async get(origin) {
      return (await ownOrigin()) === origin ? readLegacy(config) : undefined
    },
    set: readOnly,
    delete: readOnly,
  }
}

async function readLegacy(config: Files): Promise<Secret | undefined> {
  const text = await config.readText(PATH)
  if (text === undefined) return undefined
  try {
    const document: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    const stored = isFields(document) ? {access_token: '', email: '', ...document} : undefined
    if (!hasTexts(stored, 'access_token', 'email')) throw new SyntaxError('This is no token.')
    const {access_token: token, email} = stored
    return token === '' ? undefined : {token, email}
  } catch (error) {
    throw new UsageError(`${config.absolute(PATH)} is damaged and was left as it is.`, {
      code: 'credentials_damaged',
      hint: 'Move the file away and sign in again with `agnes init`.',
      details: {path: config.absolute(PATH)},
      cause: error,
    })
  }
}
