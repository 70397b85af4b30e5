import type {ConfigFolder} from '../config/one-at-a-time.js'
import {changeSetting, readSettings, type CredentialStore} from '../config/settings.js'
import {AgnesError, AuthError} from '../errors.js'
import type {Secret, SecretStore} from '../ports/secret-store.js'
import {stampKeychain} from './keychain-stamp.js'

/** A keychain that can be tried before it is trusted. */
export interface ProbedStore extends SecretStore {
  probe(): Promise<void>
}

export interface SignInStores extends ConfigFolder {
  /** `undefined` where there is none. */
  keychain: () => Promise<ProbedStore | undefined>
  file: SecretStore
}

export interface KeptSecret {
  /** The kind of the store it now lies in. */
  store: string
  /** Why it is not in the keychain, where that was not chosen. */
  note: string | null
}

/**
 * Keeps a token in the keychain, or in the file where that does not answer. The keychain is tried at the
 * first sign-in and whenever `wanted` is `auto`; the outcome is remembered in config.yaml. With `wanted`
 * `keychain` there is no falling back: its error is thrown.
 */
export async function keepSecret(
  stores: SignInStores,
  {origin, secret, wanted}: {origin: string; secret: Secret; wanted?: CredentialStore | 'auto'},
  signal?: AbortSignal,
): Promise<KeptSecret> {
  const {config, keychain: open, file} = stores
  const remembered = (await readSettings(config)).credentialStore
  const choice = wanted ?? remembered ?? 'auto'
  const keychain = await open()
  if (wanted === 'keychain' && !keychain)
    throw new AuthError(
      'No keychain can be used here: keytar is not installed, or it is turned off.',
      {
        code: 'keychain_unavailable',
        hint: 'Unset AGNES_NO_KEYCHAIN, or keep tokens in a file: agnes auth login --store file',
      },
    )
  if (choice !== 'file' && keychain) {
    try {
      if (choice === 'auto' || wanted !== undefined) await keychain.probe()
      await keychain.set(origin, secret)
      await stampKeychain(config)
      if (remembered !== 'keychain') await remember('keychain')
      await file.delete(origin)
      return {store: keychain.kind, note: null}
    } catch (error) {
      if (!(error instanceof AgnesError) || error.code !== 'keychain_unavailable') throw error
      if (wanted === 'keychain') throw error
      return keepInFile(`${error.message} The token is kept in a file that only you can read.`)
    }
  }
  return keepInFile(null)

  function remember(store: CredentialStore): Promise<boolean> {
    return changeSetting(stores, 'credential_store', () => store, signal)
  }

  async function keepInFile(note: string | null): Promise<KeptSecret> {
    const known = await file.get(origin)
    if (known?.token !== secret.token) await file.set(origin, secret)
    // Otherwise an older token in the keychain would be found before this one.
    const isDecided = note !== null || wanted === 'file'
    if (isDecided && remembered !== 'file') await remember('file')
    return {store: file.kind, note}
  }
}
