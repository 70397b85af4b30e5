import type {Files} from '../ports/files.js'

/** A file of the config folder whose time says when a token in the keychain last came or went. */
export const KEYCHAIN_STAMP = 'keychain-changed'

/** For processes that run on: a keychain itself tells nobody, and asking it takes a process each time. */
export async function stampKeychain(config: Files): Promise<void> {
  await config.writeAtomic(KEYCHAIN_STAMP, '', {mode: 0o600})
}
