import {delimiter, join} from 'node:path'
import {managedClaudeDirectory, ownLauncher, packageRoot} from '../config/paths.js'
import {readSettings} from '../config/settings.js'
import {findSecret} from '../credentials/find-secret.js'
import type {SignInStores} from '../credentials/sign-in-store.js'
import {AgnesError, PartialError, toAgnesError} from '../errors.js'
import {settingsPlaces, reportHooks} from '../hooks/open-hooks.js'
import {readHookDefinitions} from '../hooks/install-hooks.js'
import {openPush} from '../push/open-push.js'
import {pushSessions} from '../push/push-sessions.js'
import {readStatus, type StatusReport} from '../status/read-status.js'
import {pull} from '../sync/pull.js'
import {readSyncState} from '../sync/sync-state.js'
import type {UpdateContext} from '../update/open-update.js'
import type {HttpClient} from '../ports/http-client.js'
import type {SecretStore} from '../ports/secret-store.js'
import type {Warehouse} from '../ports/warehouse.js'
import {checkCatalog} from '../verify/check-catalog.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {FoundWorkspace} from '../workspace/find-workspace.js'
import type {Check} from './check.js'
import {localChecks} from './local-checks.js'
import {serverChecks} from './server-checks.js'

/** The part of the composition root that the doctor needs. */
export interface DoctorContext extends UpdateContext {
  secrets(): Promise<SecretStore[]>
  signInStores(): Promise<SignInStores>
  warehouse(): Promise<Warehouse>
  httpWithToken(origin: string, token: string | undefined): Promise<HttpClient>
}

/** What a test replaces: things of the computer that no test may break. */
export interface Surroundings {
  nodeVersion: string
  /** Of administrators of the computer. */
  managedFolder: string
  /** On the disk of the workspace. */
  freeBytes?: () => Promise<number>
}

export interface OpenedDoctor {
  checks: Check[]
  /** What mends by itself, by the command a check names. */
  fixes: ReadonlyMap<string, (signal: AbortSignal) => Promise<unknown>>
}

export async function openDoctor(
  context: DoctorContext,
  found: FoundWorkspace,
  surroundings: Surroundings = {
    nodeVersion: process.version,
    managedFolder: managedClaudeDirectory(),
  },
): Promise<OpenedDoctor> {
  const {root} = found
  const workspace = context.filesAt(root)
  const packageFiles = context.filesAt(packageRoot())
  const wanted = await readHookDefinitions(packageFiles)
  const server = async () => context.serverOrigin(await readWorkspaceServer(workspace))
  const status = once(() => readStatus({...context, workspace, packageFiles}, found))
  const places = {
    ...settingsPlaces(context, root),
    managed: context.filesAt(surroundings.managedFolder),
  }
  const local = localChecks({
    workspace,
    places,
    wanted,
    status,
    clock: context.clock,
    nodeVersion: surroundings.nodeVersion,
    onPath: () => commandOnPath(context),
    freeBytes: surroundings.freeBytes ?? (() => workspace.freeBytes()),
    staleAfterMs: context.env.staleAfterMs,
    async catalog(signal) {
      const {state} = await readSyncState(workspace)
      return checkCatalog({files: workspace, warehouse: () => context.warehouse()}, state, signal)
    },
  })
  const remote = serverChecks({
    clock: context.clock,
    renewMs: context.env.renewDays * 86_400_000,
    server,
    secret: async () => findSecret(await context.secrets(), await server()),
    client: async (token) => context.httpWithToken(await server(), token),
    keychainProblem: () => keychainProblem(context, server),
  })
  return {
    checks: [...local.slice(0, 3), ...remote, ...local.slice(3)],
    fixes: openFixes(context, root),
  }
}

function openFixes(context: DoctorContext, root: string): OpenedDoctor['fixes'] {
  const pullAll = async (isVerify: boolean, signal: AbortSignal) => {
    const {failed} = await pull(
      await context.pullDeps(root),
      {
        command: 'agnes doctor --fix',
        tables: [],
        isMaterializedSkipped: false,
        isVerify,
        isPlanOnly: false,
        waitMs: 600_000,
        parallelism: context.env.pullParallelism,
        onProgress: () => {},
      },
      signal,
    )
    const [first] = failed
    if (first) throw new PartialError(`${first.table}: ${first.error}`)
  }
  const pushAll = async (signal: AbortSignal) => {
    const options = {isDryRun: false, isPatient: false, waitMs: 60_000}
    const {failure} = await pushSessions(await openPush(context, root), options, signal)
    if (failure) throw failure
  }
  return new Map<string, (signal: AbortSignal) => Promise<unknown>>([
    ['agnes hooks install', () => reportHooks(context, root, 'install')],
    ['agnes pull', (signal) => pullAll(false, signal)],
    ['agnes verify --repair', (signal) => pullAll(true, signal)],
    ['agnes push', pushAll],
  ])
}

async function commandOnPath({
  env,
  folders,
}: DoctorContext): Promise<{path: string; isThis: boolean} | undefined> {
  const script = await folders.realPath(ownLauncher().script)
  for (const folder of (env.variable('PATH') ?? '').split(delimiter).filter((part) => part !== ''))
    for (const name of ['agnes', 'agnes.cmd', 'agnes.exe']) {
      const path = join(folder, name)
      const kind = await folders.kindOf(path).catch(() => 'missing')
      if (kind === 'file') return {path, isThis: (await folders.realPath(path)) === script}
    }
  return undefined
}

/** Only where this account keeps tokens in one; asks for the token, and writes nothing. */
async function keychainProblem(
  context: DoctorContext,
  server: () => Promise<string>,
): Promise<string | null> {
  if ((await readSettings(context.config)).credentialStore !== 'keychain') return null
  const {keychain} = await context.signInStores()
  try {
    const store = await keychain()
    if (!store) return 'This installation of agnes has none.'
    await store.get(await server())
    return null
  } catch (error) {
    if (error instanceof AgnesError) return toAgnesError(error).message
    throw error
  }
}

function once(build: () => Promise<StatusReport>): () => Promise<StatusReport> {
  let built: Promise<StatusReport> | undefined
  return () => (built ??= build())
}
