import type {Env} from '../config/env.js'
import {originIfValid} from '../config/origin.js'
import {readServers, resolveServer} from '../config/servers.js'
import {readRegistry, readSettings} from '../config/settings.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {SecretStore} from '../ports/secret-store.js'
import {environmentSecretStore} from './environment-secret-store.js'
import {FileLock} from './file-lock.js'
import {FileSecretStore} from './file-secret-store.js'
import {legacyTokenStore} from './legacy-token-store.js'
import {nodeFolders} from './node-folders.js'

export interface StoreSurroundings {
  env: Env
  config: Files
  clock: Clock
}

/** In the order they are asked: environment, keychain (where it was chosen), file, the reference client's. */
export async function openSecretStores(
  {env, config, clock}: StoreSurroundings,
  openKeychain: () => Promise<SecretStore | undefined>,
): Promise<SecretStore[]> {
  const {credentialStore} = await readSettings(config)
  const keychain = credentialStore === 'keychain' ? await openKeychain() : undefined
  return [
    environmentSecretStore(env.token, (origin) => isTrusted(env, config, origin)),
    ...(keychain ? [keychain] : []),
    openFileStore(config, clock),
    legacyTokenStore(config, async () => originIfValid((await readSettings(config)).server)),
  ]
}

export function openFileStore(config: Files, clock: Clock): SecretStore {
  const lock = new FileLock(config.absolute('credentials.lock'), clock, 0o700)
  return new FileSecretStore(config, nodeFolders.modeOf, lock)
}

/**
 * Whether AGNES_TOKEN may go to `origin`: to AGNES_SERVER where that is set, else to servers this
 * account has chosen. A folder that merely says so (a cloned repository) is not enough.
 */
async function isTrusted(env: Env, config: Files, origin: string): Promise<boolean> {
  if (env.server !== undefined)
    return originIfValid(await resolveServer(config, env.server)) === origin
  const {server} = await readSettings(config)
  const known = [
    server,
    ...(await readServers(config)).map(({url}) => url),
    ...(await readRegistry(config)).map((workspace) => workspace.server),
  ]
  return known.some((address) => originIfValid(address) === origin)
}
