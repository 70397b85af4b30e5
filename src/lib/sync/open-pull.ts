import type {Env} from '../config/env.js'
import {tokenExpiry} from '../credentials/token-expiry.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Hasher} from '../ports/hasher.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock} from '../ports/lock.js'
import type {Logger} from '../ports/logger.js'
import type {Random} from '../ports/random.js'
import type {SecretStore} from '../ports/secret-store.js'
import type {Warehouse} from '../ports/warehouse.js'
import {attemptRecorder} from '../session-start/last-pull.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {PullDeps} from './pull-run.js'
import type {TableFetcher} from './table-fetcher.js'

/** The part of the composition root that pulling needs. */
export interface PullContext {
  env: Env
  clock: Clock
  random: Random
  logger: Logger
  filesAt(root: string): Files
  pullLock(root: string): Lock
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
  hasher(): Promise<Hasher>
  warehouse(): Promise<Warehouse>
  secrets(): Promise<SecretStore[]>
}

/** The longest a run may wait for an ailing server in all. */
const RUN_BUDGET_MS = 600_000

/** @param root the workspace's; `origin` where it is decided already */
export async function openPull(
  context: PullContext,
  root: string,
  origin?: string,
): Promise<PullDeps> {
  const files = context.filesAt(root)
  const server = origin ?? (await context.serverOrigin(await readWorkspaceServer(files)))
  const http = await context.http(server)
  const {clock, warehouse} = context
  const fetcher = () => openFetcher(context, {http, files})
  const lock = context.pullLock(root)
  const expiry = () => tokenExpiry(context, server)
  const afterAttempt = attemptRecorder(files, expiry)
  return {files, http, clock, warehouse, fetcher, lock, afterAttempt}
}

async function openFetcher(
  context: PullContext,
  {http, files}: {http: HttpClient; files: Files},
): Promise<TableFetcher> {
  const {createDownloader} = await import('../download/download.js')
  const {downloadFetcher} = await import('./download-fetcher.js')
  const {env, clock, random, logger} = context
  const hasher = await context.hasher()
  const limits = {
    parallelism: env.pullParallelism,
    chunkParallelism: env.pullChunkParallelism,
    chunkThresholdBytes: env.pullChunkThresholdBytes,
    retries: env.streamRetries,
    stallMs: env.stallMs,
    runBudgetMs: RUN_BUDGET_MS,
    bytesPerSecond: env.pullBytesPerSecond,
  }
  return downloadFetcher((onProgress) =>
    createDownloader({http, files, hasher, clock, random, logger, limits, onProgress}),
  )
}
