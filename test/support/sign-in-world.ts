import {hashPassword} from '../../src/server/auth/passwords.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {
  startEmbeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
} from './embedded-server.js'
import {runCli, type RunOptions, type RunOutcome} from './run-cli.js'
import {tempDir} from './temp-dir.js'

export const PASSWORD = 'correct horse battery'
export const EMAIL = 'analyst@example.com'

export interface SignInWorld {
  server: EmbeddedServer
  /** AGNES_CONFIG_DIR of the account. */
  configDir: string
  /** `agnes <argv>` as that account, outside of any workspace. */
  run(argv: string[], options?: Partial<RunOptions>): Promise<RunOutcome>
}

/** An account, and the embedded server with an analyst who has a password. */
export async function signInWorld(options: EmbeddedServerOptions = {}): Promise<SignInWorld> {
  const server = await startEmbeddedServer(options)
  await setPassword(server, EMAIL, PASSWORD)
  const configDir = await tempDir()
  const home = await tempDir()
  return {
    server,
    configDir,
    run: (argv, more = {}) =>
      runCli(argv, {
        currentDir: home,
        ...more,
        env: {HOME: home, AGNES_CONFIG_DIR: configDir, ...more.env},
      }),
  }
}

/** To hash one is dear on purpose: those of tests are known, so each is hashed once. */
const hashes = new Map<string, Promise<string>>()

export async function setPassword(
  {state}: EmbeddedServer,
  email: string,
  password: string,
): Promise<void> {
  const user = state.userByEmail(email)
  if (!user) throw new Error(`no ${email}`)
  const hash = hashes.get(password) ?? hashPassword(password, systemRandom)
  hashes.set(password, hash)
  const passwordHash = await hash
  await state.update(() => ({
    changes: [{put: 'users', row: {...user, passwordHash}}],
    result: undefined,
  }))
}

/** Fills the sign-in page in as a browser would, and follows it to the waiting port. */
export async function signInAs(
  url: string,
  fields: Record<string, string> = {email: EMAIL, password: PASSWORD},
): Promise<Response> {
  const page = new URL(url)
  const body = new URLSearchParams({...Object.fromEntries(page.searchParams), ...fields})
  const posted = await fetch(`${page.origin}/cli/auth/start`, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: {origin: page.origin, 'sec-fetch-site': 'same-origin'},
  })
  const location = posted.headers.get('location')
  return location === null ? posted : fetch(location)
}
