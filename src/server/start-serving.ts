import {UsageError} from '../lib/errors.js'
import type {Files} from '../lib/ports/files.js'
import type {Random} from '../lib/ports/random.js'
import {isLoopbackHost, type AgnesServer, type ReadyServer} from './create-server.js'
import {hashPassword} from './auth/passwords.js'
import {openFolderServer, type FolderServerDeps} from './open-folder-server.js'
import {ADMIN_EMAIL} from './seed-state.js'
import type {UserRow} from './state/rows.js'

export interface ServeOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Without it only loopback addresses are bound. */
  allowsNetwork: boolean
  /** Also on later starts: for somebody who lost the first one. */
  wantsAdminToken: boolean
  /** Makes the demo company first. */
  demo: {scale: number; seed: number} | undefined
}

export interface ServingDeps extends Omit<FolderServerDeps, 'demo' | 'welcomeTemplate'> {
  /** Rooted at `templates`. */
  templates: Files
  /** Rooted at `templates/demo`. */
  demoTemplates: Files
}

export interface Serving {
  url: string
  folder: string
  tables: number
  /** Null on later starts: only its hash is kept. */
  adminToken: string | null
  analystToken: string | null
  /** Of the demo's analyst, for the sign-in page; made where she has none yet, on loopback only. */
  analyst: {email: string; password: string | null} | null
  isNetwork: boolean
  /** Answers until `signal` aborts, then stops gracefully. */
  runUntil(signal: AbortSignal): Promise<void>
}

/** Opens the folder, binds, and answers. An abort while it is still opening ends it there. */
export async function startServing(
  options: ServeOptions,
  deps: ServingDeps,
  signal: AbortSignal,
): Promise<Serving> {
  const isNetwork = !isLoopbackHost(options.host)
  if (isNetwork && !options.allowsNetwork)
    throw new UsageError(
      `${options.host} is reachable by other machines. This server speaks plain HTTP: whoever can ` +
        'listen on that network reads the tokens and the data.',
      {
        code: 'network_bind_refused',
        hint: 'Put a TLS proxy in front of 127.0.0.1, or accept it on a trusted network with --allow-network.',
        details: {host: options.host},
      },
    )
  const server = openFolderServer({
    ...deps,
    welcomeTemplate: (await deps.templates.readText('welcome.md')) ?? '',
    demo: options.demo && {...options.demo, templates: deps.demoTemplates},
  })
  const stop = () => void server.close()
  signal.addEventListener('abort', stop, {once: true})
  try {
    const ready = await server.ready
    const tokens = await firstTokens(ready, options)
    const analyst = await demoAnalyst(ready, {isNetwork, random: deps.random})
    const {url} = await server.listen(options.host, options.port)
    return {
      url,
      ...tokens,
      analyst,
      ...facts(ready, deps),
      isNetwork,
      runUntil: (stopped) => runUntil(server, stopped),
    }
  } catch (error) {
    await server.close()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function runUntil(server: AgnesServer, signal: AbortSignal): Promise<void> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}))
  await server.close()
}

function facts({catalog}: ReadyServer, {files}: ServingDeps): {folder: string; tables: number} {
  return {folder: files.root, tables: catalog.all().filter(({isPublished}) => isPublished).length}
}

async function firstTokens(
  ready: ReadyServer,
  {wantsAdminToken}: ServeOptions,
): Promise<{adminToken: string | null; analystToken: string | null}> {
  const {state, firstToken, demoAnalyst} = ready
  const analyst = demoAnalyst === undefined ? undefined : state.userByEmail(demoAnalyst)
  const analystToken = analyst ? await newToken(ready, analyst) : null
  if (firstToken !== undefined) return {adminToken: firstToken, analystToken}
  if (!wantsAdminToken && !analyst) return {adminToken: null, analystToken}
  const admin =
    state.userByEmail(ADMIN_EMAIL) ?? [...state.all('users')].find(({id}) => state.isAdmin(id))
  if (!admin?.active)
    throw new UsageError('No active administrator is left to make a token for.', {
      code: 'no_admin',
      hint: 'Serve a copy of the folder without state/ to start over.',
    })
  return {adminToken: await newToken(ready, admin), analystToken}
}

/** So that the sign-in page can be tried: a password somebody has set stays, and none is made for a network. */
async function demoAnalyst(
  {state, demoAnalyst: email}: ReadyServer,
  {isNetwork, random}: {isNetwork: boolean; random: Random},
): Promise<Serving['analyst']> {
  const user = email === undefined ? undefined : state.userByEmail(email)
  if (!user) return null
  if (isNetwork || user.passwordHash !== null) return {email: user.email, password: null}
  const password = random.hex(8)
  const passwordHash = await hashPassword(password, random)
  await state.update(() => ({
    changes: [{put: 'users', row: {...user, passwordHash}}],
    result: undefined,
  }))
  return {email: user.email, password}
}

async function newToken({state, issuer}: ReadyServer, user: UserRow): Promise<string> {
  const wanted = {name: 'made by agnes serve', scope: 'general', seconds: null}
  const {token, row} = issuer.personal(user, wanted)
  await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  return token
}
