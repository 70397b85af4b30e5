import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {Env} from '../config/env.js'
import {workspacePaths} from '../config/paths.js'
import {readRegistry} from '../config/settings.js'
import type {Files} from '../ports/files.js'
import {findWorkspace, type FoundWorkspace} from '../workspace/find-workspace.js'

export function findFrom(
  {env, config, currentDir}: {env: Env; config: Files; currentDir: string},
  flag: string | undefined,
): Promise<FoundWorkspace> {
  return findWorkspace({
    flag,
    localDir: env.localDir,
    currentDir,
    registered: async () => (await readRegistry(config)).map(({path}) => path),
    isWorkspace: looksLikeWorkspace,
  })
}

/** A finished workspace of ours, or one of the reference client's. */
export async function looksLikeWorkspace(path: string): Promise<boolean> {
  for (const mark of [workspacePaths.initComplete, workspacePaths.catalog, workspacePaths.parquet])
    if (await stat(join(path, mark)).catch(() => undefined)) return true
  return false
}
