import {createHash} from 'node:crypto'
import {mkdir, stat, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {NodeFiles} from '../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../src/lib/config/paths.js'
import {encodeDocument} from '../../src/lib/sync/state-document.js'
import {
  emptySyncState,
  type InstalledTable,
  type SyncState,
} from '../../src/lib/sync/state-model.js'
import {writeMarker} from '../../src/lib/workspace/workspace-marker.js'
import {tempDir} from './temp-dir.js'

export interface TempWorkspace {
  /** The home folder; the config folder is `.config/agnes` in it. */
  home: string
  root: string
  files: NodeFiles
  write(path: string, content: string | Uint8Array): Promise<void>
}

/**
 * A workspace as a pull leaves it: a marker, the sync state and the files of each table. A table maps
 * paths below its folder to contents (`''` for the one file of a table that is not partitioned).
 */
export async function tempWorkspace(
  options: {
    server?: string
    tables?: Record<string, string | Record<string, string>>
    state?: Partial<SyncState>
  } = {},
): Promise<TempWorkspace> {
  const home = await tempDir()
  const root = join(home, 'ws')
  const files = new NodeFiles(root, systemRandom)
  const write = async (path: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(root, path)), {recursive: true})
    await writeFile(join(root, path), content)
  }
  const server = options.server ?? 'https://agnes.example.com'
  const installed = new Map<string, InstalledTable>()
  for (const [name, content] of Object.entries(options.tables ?? {})) {
    const parts = typeof content === 'string' ? {[`${name}.parquet`]: content} : content
    const table: InstalledTable = {
      name,
      hash: '',
      rows: 10,
      sizeBytes: 0,
      isPartitioned: typeof content !== 'string',
      files: [],
      installedAt: '2026-01-31T09:00:00.000Z',
      updated: '2026-01-30T04:00:00',
    }
    for (const [part, text] of Object.entries(parts)) {
      const below = table.isPartitioned ? `${name}/${part}` : part
      const path = `${workspacePaths.parquet}/${below}`
      await write(path, text)
      const {size, mtimeMs} = await stat(join(root, path))
      const md5 = createHash('md5').update(text).digest('hex')
      table.files.push({path, sizeBytes: size, mtimeMs: Math.trunc(mtimeMs), md5})
      table.sizeBytes += size
      table.hash = md5
    }
    installed.set(name, table)
  }
  const state: SyncState = {...emptySyncState(), server, tables: installed, ...options.state}
  await write(workspacePaths.state, encodeDocument(state, {}))
  await writeMarker(files, {completedAt: '2026-01-31T08:00:00Z', version: '0.1.0', server}, [])
  return {home, root, files, write}
}
