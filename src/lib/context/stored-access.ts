import {resolveServer} from '../config/servers.js'
import type {Env} from '../config/env.js'
import {originOf} from '../config/origin.js'
import {readSettings} from '../config/settings.js'
import {findSecret} from '../credentials/find-secret.js'
import type {ProbedStore} from '../credentials/sign-in-store.js'
import {AuthError, UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Probe} from '../ports/probe.js'
import type {SecretStore} from '../ports/secret-store.js'

export interface AccessSurroundings {
  /** Stand in for the real stores. */
  secrets?: SecretStore
  keychain?: ProbedStore
  env: Env
  clock: Clock
  config: Files
  version: () => string
}

/** Which server is meant and which token it gets, by what is stored: nothing here opens a connection. */
export function openStoredAccess(
  {secrets: givenSecrets, keychain: givenKeychain, env, clock, config, version}: AccessSurroundings,
  preferred: () => string | undefined = () => undefined,
) {
  const keychain = once(() => openKeychain(givenKeychain, env, clock))
  // Each time anew: a daemon outlives the choice between keychain and file.
  const secrets = async () =>
    givenSecrets ? [givenSecrets] : openStores({env, config, clock}, keychain)
  const tokenFor = async (origin: string) => {
    const found = await findSecret(await secrets(), origin)
    if (found) return found.secret.token
    throw notSignedIn(origin, env)
  }
  return {
    keychain,
    secrets,
    tokenFor,
    serverOrigin: (workspaceServer: string | undefined) =>
      chooseServer(config, preferred() ?? env.server, workspaceServer),
    async probe(origin: string): Promise<Probe> {
      const {openProbe} = await import('../adapters/conditional-probe.js')
      const token = await tokenFor(origin)
      return openProbe({origin, token, userAgent: `agnes-cli/${version()}`}, {env, config})
    },
  }
}

async function openStores(
  surroundings: {env: Env; config: Files; clock: Clock},
  keychain: () => Promise<SecretStore | undefined>,
): Promise<SecretStore[]> {
  const {openSecretStores} = await import('../adapters/open-secret-stores.js')
  return openSecretStores(surroundings, keychain)
}

async function openKeychain(
  given: ProbedStore | undefined,
  env: Env,
  clock: Clock,
): Promise<ProbedStore | undefined> {
  if (given || env.noKeychain) return given
  const {keytarCommand, OsKeychain} = await import('../adapters/os-keychain.js')
  const command = keytarCommand()
  return command && new OsKeychain(command, clock)
}

async function chooseServer(
  config: Files,
  preferred: string | undefined,
  workspaceServer: string | undefined,
): Promise<string> {
  if (preferred !== undefined)
    return originOf((await resolveServer(config, preferred)) ?? preferred)
  const server = workspaceServer ?? (await readSettings(config)).server
  if (server === undefined)
    throw new UsageError('No server is known for this workspace.', {
      code: 'no_server',
      hint: 'Name it with AGNES_SERVER, or sign in: agnes auth login --server-url URL',
    })
  return originOf(server)
}

function notSignedIn(origin: string, env: Env): AuthError {
  const isHeldBack = env.token !== undefined
  return new AuthError(
    isHeldBack
      ? `AGNES_TOKEN was not sent: nothing on this account says that it belongs to ${origin}.`
      : `No token is stored for ${origin}.`,
    {
      hint: isHeldBack
        ? `If it does, set AGNES_SERVER=${origin} as well.`
        : `Run: agnes auth login --server-url ${origin}`,
      details: {origin},
    },
  )
}

function once<T>(build: () => T): () => T {
  let value: {built: T} | undefined
  return () => (value ??= {built: build()}).built
}
