/**
 * Init makes a folder a *workspace*: signed in to one server, with hooks, our block in CLAUDE.md and a
 * *marker* (`init-complete`) that is written last. It may be interrupted anywhere and run again. This
 * room never downloads tables; that is `sync`.
 */
import {readRegistry, registerWorkspace, saveServer} from '../config/settings.js'
import {chooseToken, type ChosenToken, type TokenInput} from '../credentials/choose-token.js'
import {decodeToken, type TokenFacts} from '../credentials/decode-token.js'
import {keepSecret, type KeptSecret, type SignInStores} from '../credentials/sign-in-store.js'
import {verifySignIn} from '../credentials/verify-sign-in.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock} from '../ports/lock.js'
import {readDefaultServer, refuseOtherServer} from './check-server.js'
import {readWelcome, type Welcome} from './server-welcome.js'
import {readMarker} from './workspace-marker.js'
import {writeWorkspace, type WrittenFile} from './write-workspace.js'

export interface InitDeps {
  /** Rooted at the real path of the folder, which need not exist yet. */
  workspace: Files
  config: Files
  packageFiles: Files
  folders: Folders
  clock: Clock
  version: string
  lockAt(root: string, path: string): Lock
  /** Takes out of a server's text what could act on a terminal or hide. */
  sanitize(text: string): string
  /** Where a token that was handed over is kept. */
  signInStores(): Promise<SignInStores>
  httpWithToken(origin: string, token: string): Promise<HttpClient>
}

export interface InitOptions {
  /** `scheme://host[:port]`. */
  origin: string
  token: Omit<TokenInput, 'origin'>
  /** See `WriteWorkspaceInput`. */
  allowsVerbs?: boolean
}

export interface InitOutcome {
  /** Absolute real path. */
  workspace: string
  server: string
  /** False when the folder was set up before. */
  isNew: boolean
  /** What the token says of itself. */
  signedIn: TokenFacts
  /** `file`, `environment`, `legacy`, `keychain`: where later commands find the token. */
  credentialStore: string
  /** Tables the server lists for this person. */
  tablesListed: number
  files: WrittenFile[]
  /** Things to know that are no failure, as sentences. */
  notes: string[]
}

/** Of two that read the list of workspaces at once, one would be lost to the daemon. */
const ONE_AT_A_TIME = {waitMs: 30_000, command: 'agnes init'}

/** Nothing is written, not even the folder, until the server has accepted the token. */
export async function initWorkspace(
  deps: InitDeps,
  {origin, token: input, allowsVerbs = false}: InitOptions,
  signal?: AbortSignal,
): Promise<InitOutcome> {
  await refuseOtherServer(deps, origin)
  const chosen = await chooseToken({...input, origin})
  const http = await deps.httpWithToken(origin, chosen.token)
  const {tableCount} = await verifySignIn({http, token: chosen.token, clock: deps.clock}, signal)
  const welcome = await readWelcome(http, deps.sanitize, signal)
  signal?.throwIfAborted()

  const isNew = (await readMarker(deps.workspace)) === null
  const signedIn = decodeToken(chosen.token)
  const kept = await keepToken(deps, {origin, chosen, email: signedIn.email ?? ''}, signal)
  const storeNotes = kept.note === null ? [] : [kept.note]
  const notes = [...notesOn(welcome), ...storeNotes, ...(await keepSettings(deps, origin, signal))]
  const now = new Date(deps.clock.now()).toISOString()
  const files = await writeWorkspace({...deps, server: origin, welcome, now, allowsVerbs})
  return {
    workspace: deps.workspace.root,
    server: origin,
    isNew,
    signedIn,
    credentialStore: kept.store,
    tablesListed: tableCount,
    files,
    notes: [...notes, ...files.flatMap(noteOf)],
  }
}

/** Stores a token that was handed over, if it is not stored already. */
async function keepToken(
  {signInStores}: InitDeps,
  {origin, chosen, email}: {origin: string; chosen: ChosenToken; email: string},
  signal?: AbortSignal,
): Promise<KeptSecret> {
  if (chosen.store !== null) return {store: chosen.store, note: null}
  const secret = {token: chosen.token, email}
  return keepSecret(await signInStores(), {origin, secret}, signal)
}

async function keepSettings(
  {config, workspace, clock, lockAt}: InitDeps,
  server: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const notes: string[] = []
  const legacy = await readDefaultServer(config)
  if (legacy.hasToken && legacy.server !== null && legacy.server !== server)
    // Its token.json names no server: it would be sent to whichever stands in config.yaml.
    notes.push(
      `config.yaml still names ${legacy.server}, because token.json beside it belongs to that server.`,
    )
  else await saveServer({config, lockAt}, server, signal)
  const {root: path} = workspace
  const isKnown = (await readRegistry(config)).some(
    (known) => known.path === path && known.server === server,
  )
  if (isKnown) return notes
  const createdAt = new Date(clock.now()).toISOString()
  const {keptDamaged} = await lockAt(config.root, 'workspaces.lock').hold(
    ONE_AT_A_TIME,
    () => registerWorkspace(config, {path, server, createdAt}),
    signal,
  )
  if (keptDamaged !== null)
    notes.push(
      `The list of workspaces was damaged; a new one was started, the old file is ${keptDamaged}.`,
    )
  return notes
}

function notesOn(welcome: Welcome): string[] {
  return welcome.kind === 'unknown'
    ? [`CLAUDE.md has no new text from the server: ${welcome.reason}`]
    : []
}

function noteOf({path, action, reason}: WrittenFile): string[] {
  return action === 'left' ? [`${path} was left as it is: ${reason}.`] : []
}
