import {workspacePaths} from '../config/paths.js'
import {originIfValid} from '../config/origin.js'
import {readSettings} from '../config/settings.js'
import {ConflictError} from '../errors.js'
import type {Files} from '../ports/files.js'
import {readSyncState} from '../sync/sync-state.js'
import {readMarker} from './workspace-marker.js'

/**
 * A workspace holds the data of one server. `ConflictError` (code `other_server`) when its marker, its
 * sync state or, for a folder of the reference client, the shared settings name another one.
 */
export async function refuseOtherServer(
  {workspace, config}: {workspace: Files; config: Files},
  origin: string,
  hint = `Use another folder for the other server: agnes init DIR --server-url ${origin}`,
): Promise<void> {
  const known = await knownServer(workspace, config)
  if (known === null || known === origin) return
  throw new ConflictError(
    `${workspace.root} belongs to ${known}; data of two servers is never mixed.`,
    {
      code: 'other_server',
      hint,
      details: {workspace: workspace.root, server: known, asked: origin},
    },
  )
}

async function knownServer(workspace: Files, config: Files): Promise<string | null> {
  const marked = originIfValid((await readMarker(workspace))?.server)
  if (marked !== undefined) return marked
  const {state} = await readSyncState(workspace)
  if (state.server !== null) return originIfValid(state.server) ?? null
  const hasTables = (await workspace.list(workspacePaths.parquet)).length > 0
  return hasTables ? (await readDefaultServer(config)).server : null
}

/** What config.yaml says, and whether the reference client's token lies beside it. */
export async function readDefaultServer(
  config: Files,
): Promise<{server: string | null; hasToken: boolean}> {
  const {server} = await readSettings(config)
  return {
    server: originIfValid(server) ?? null,
    hasToken: (await config.stat('token.json')) !== undefined,
  }
}
