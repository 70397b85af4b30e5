import {join} from 'node:path'
import {configDirectory} from '../config/paths.js'
import type {Env} from '../config/env.js'
import {findSecret} from '../credentials/find-secret.js'
import {MissingError, TooLargeError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock} from '../ports/lock.js'
import type {Programs} from '../ports/programs.js'
import type {Random} from '../ports/random.js'
import type {SecretStore} from '../ports/secret-store.js'
import {refuseOtherServer} from '../workspace/check-server.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {claudePlugins} from './claude-plugins.js'
import {fetchGit} from './fetch-git.js'
import {fetchZip, MAX_ARCHIVE_BYTES} from './fetch-zip.js'
import type {PluginScope} from './marketplace-model.js'
import type {RefreshDeps} from './refresh-marketplace.js'

/** The part of the composition root that a refresh needs. */
export interface MarketplaceContext {
  env: Env
  config: Files
  random: Random
  folders: Folders
  filesAt(root: string): Files
  lockAt(root: string, path: string): Lock
  programs(): Promise<Programs>
  secrets(): Promise<SecretStore[]>
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
  trustedCertificates(origin: string): Promise<string[] | undefined>
}

const UNSET = 'Nothing was changed. Unset AGNES_SERVER, then run: agnes marketplace refresh'

/**
 * @param root the workspace's
 * @throws ConflictError `other_server`: what one server offers is not put into the workspace of another
 */
export async function openMarketplace(
  context: MarketplaceContext,
  root: string,
  scope: PluginScope,
): Promise<RefreshDeps> {
  const workspace = await context.folders.realPath(root)
  const files = context.filesAt(root)
  const server = await context.serverOrigin(await readWorkspaceServer(files))
  await refuseOtherServer({workspace: files, config: context.config}, server, UNSET)
  const shelfFolder = join(configDirectory(context.env), 'marketplaces', folderOf(server))
  const shelf = context.filesAt(shelfFolder)
  const programs = await context.programs()
  const http = await context.http(server)
  const trusted = () => context.trustedCertificates(server)
  return {
    workspace,
    server,
    shelf,
    lock: context.lockAt(shelfFolder, 'refresh.lock'),
    claude: claudePlugins({programs, folders: context.folders}, workspace, scope),
    fetchZip: (known, signal) => fetchZip(http, known, signal),
    async fetchGit(known, signal) {
      const token = (await findSecret(await context.secrets(), server))?.secret.token ?? ''
      const scratch = `scratch-${context.random.hex(6)}`
      await shelf.createFolder(scratch)
      const source = {
        ...{programs, origin: server, token},
        scratch: shelf.absolute(scratch),
        readArchive: () => readFile(shelf, `${scratch}/tree.zip`),
      }
      try {
        const caFile = await writeBundle(shelf, `${scratch}/trusted.pem`, await trusted())
        return await fetchGit({...source, caFile}, known, signal)
      } finally {
        await shelf.remove(scratch)
      }
    },
  }
}

/** git takes one file, in place of its own; its path, or `undefined` where git's own will do. */
async function writeBundle(
  files: Files,
  path: string,
  certificates: readonly string[] | undefined,
): Promise<string | undefined> {
  if (!certificates) return undefined
  await files.writeAtomic(path, certificates.join('\n'))
  return files.absolute(path)
}

/** `https-agnes.example.com-8443`: one folder per server. */
function folderOf(origin: string): string {
  return origin.replace(/[^a-z0-9.-]+/gi, '-')
}

async function readFile(files: Files, path: string): Promise<Buffer> {
  const facts = await files.stat(path)
  if (!facts) throw new MissingError(`${path} is not there.`, {code: 'file_missing'})
  if (facts.sizeBytes > MAX_ARCHIVE_BYTES)
    throw new TooLargeError('The marketplace archive is larger than 32 MiB.', {
      code: 'archive_too_large',
      hint: 'Nothing was changed. Tell the administrator of the server.',
    })
  const chunks: Buffer[] = []
  for await (const chunk of files.readBytes(path, {from: 0, to: facts.sizeBytes}))
    chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
