import {workspacePaths} from '../config/paths.js'
import type {Env} from '../config/env.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock} from '../ports/lock.js'
import type {Random} from '../ports/random.js'
import type {Warehouse} from '../ports/warehouse.js'
import {refuseOtherServer} from '../workspace/check-server.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {SnapshotDeps} from './create-snapshot.js'
import type {RemoveDeps} from './remove-snapshots.js'

/** What of the surroundings snapshots take. */
export interface Surroundings {
  env: Env
  clock: Clock
  random: Random
  config: Files
  filesAt(root: string): Files
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
  warehouse(): Promise<Warehouse>
  lockAt(root: string, path: string): Lock
}

const UNSET = 'Nothing was asked. Unset AGNES_SERVER, or use a workspace of that server.'

/** @throws ConflictError `other_server`: what another server withdraws, no pull here would notice */
export async function openSnapshots(around: Surroundings, root: string): Promise<SnapshotDeps> {
  const local = openLocalSnapshots(around, root)
  const origin = await around.serverOrigin(await readWorkspaceServer(local.files))
  await refuseOtherServer({workspace: local.files, config: around.config}, origin, UNSET)
  const http = await around.http(origin)
  return {...local, http, random: around.random, stallMs: around.env.stallMs}
}

/** Without a server. */
export function openLocalSnapshots(around: Surroundings, root: string): RemoveDeps {
  const {clock} = around
  return {
    files: around.filesAt(root),
    clock,
    warehouse: () => around.warehouse(),
    lock: around.lockAt(root, workspacePaths.snapshotsLock),
  }
}
