import {basename, dirname, resolve} from 'node:path'
import {originIfValid, originOf} from '../config/origin.js'
import {homeDirectory, temporaryDirectory} from '../config/paths.js'
import type {Env} from '../config/env.js'
import {promptSecret, readAll} from '../credentials/prompt-secret.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {SecretStore} from '../ports/secret-store.js'
import type {Streams} from '../ports/streams.js'
import {checkFolder} from './check-folder.js'
import type {InitOptions} from './init-workspace.js'
import {readWorkspaceServer} from './workspace-marker.js'

/** What `init` was asked for, as on the command line. */
export interface InitRequest {
  folder: string | undefined
  serverUrl: string | undefined
  token: string | undefined
  tokenFile: string | undefined
  useStdin: boolean
  allowsVerbs?: boolean
}

/** The parts of the context that the answers come from. */
export interface InitSurroundings {
  env: Env
  currentDir: string
  streams: Streams
  config: Files
  folders: Folders
  filesAt(root: string): Files
  isWorkspace(path: string): Promise<boolean>
  secrets(): Promise<SecretStore[]>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
}

/** Temporary folders that are always there under these names, whatever TMPDIR says. */
const TEMPORARY = ['/tmp', '/var/tmp', '/private/tmp', '/dev/shm']

/** Finds out which folder, which server and which tokens are meant. Writes nothing, asks no server. */
export async function prepareInit(
  request: InitRequest,
  around: InitSurroundings,
  signal: AbortSignal,
): Promise<InitOptions & {root: string}> {
  const root = await checkFolder({
    path: resolve(around.currentDir, request.folder ?? '.'),
    folders: around.folders,
    home: homeDirectory(around.env),
    temporary: [temporaryDirectory(), ...TEMPORARY],
    configDir: around.config.root,
    isWorkspace: around.isWorkspace,
  })
  const origin =
    request.serverUrl === undefined
      ? await around.serverOrigin(await readWorkspaceServer(around.filesAt(root)))
      : originOf(request.serverUrl)
  const token = await tokenInput(request, {around, origin, signal})
  return {root, origin, token, allowsVerbs: request.allowsVerbs === true}
}

async function tokenInput(
  request: InitRequest,
  {around, origin, signal}: {around: InitSurroundings; origin: string; signal: AbortSignal},
): Promise<InitOptions['token']> {
  const {env, streams} = around
  const isAttended = streams.in.isTTY === true && streams.err.isTty
  const prompt = isAttended
    ? (question: string) => promptSecret(streams, question, signal)
    : undefined
  const typed = prompt && (() => prompt(`Token for ${origin} (it is not shown): `))
  return {
    flag: request.token,
    file: request.tokenFile === undefined ? undefined : tokenFile(request.tokenFile, around),
    stdin: request.useStdin ? (typed ?? (() => readAll(streams.in, signal))) : undefined,
    environment: isMeantFor(origin, request, env) ? env.token : undefined,
    stores: await around.secrets(),
    prompt,
  }
}

function tokenFile(
  path: string,
  {currentDir, filesAt}: InitSurroundings,
): InitOptions['token']['file'] {
  const absolute = resolve(currentDir, path)
  return {path, read: () => filesAt(dirname(absolute)).readText(basename(absolute))}
}

/** A server named on the command line gets AGNES_TOKEN, unless AGNES_SERVER says it is another's. */
function isMeantFor(origin: string, {serverUrl}: InitRequest, env: Env): boolean {
  return (
    serverUrl !== undefined && (env.server === undefined || originIfValid(env.server) === origin)
  )
}
