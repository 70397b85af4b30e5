import {createHash} from 'node:crypto'
import {mkdir, readFile, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {workspacePaths} from '../../src/lib/config/paths.js'
import {encodeDocument} from '../../src/lib/sync/state-document.js'
import {
  emptySyncState,
  type InstalledTable,
  type SyncState,
} from '../../src/lib/sync/state-model.js'
import {onDatabase, writeParquet} from './engine.js'
import {runCli, type RunOptions, type RunOutcome} from './run-cli.js'
import {tempWorkspace, type TempWorkspace} from './temp-workspace.js'

export interface QueryWorkspace extends TempWorkspace {
  /** `agnes <argv>` inside the workspace. */
  run(argv: string[], options?: Partial<RunOptions>): Promise<RunOutcome>
  /** Writes the answer of a query to a Parquet file of the workspace. */
  copy(sql: string, path: string): Promise<void>
}

/** A workspace whose tables hold the rows of queries, with a catalog made by statements. */
export async function queryWorkspace(
  content: {
    /** A query, or for a partitioned table the query of each part. */
    tables?: Record<string, string | Record<string, string>>
    snapshots?: Record<string, string>
    /** Statements that make the analyst's own database file. `{root}` is the workspace. */
    catalog?: string
    state?: Partial<SyncState>
  } = {},
): Promise<QueryWorkspace> {
  const workspace = await tempWorkspace()
  const {root} = workspace
  const copy = async (sql: string, path: string) => {
    await mkdir(dirname(join(root, path)), {recursive: true})
    await writeParquet(sql, join(root, path))
  }
  const installed = new Map<string, InstalledTable>()
  for (const [name, made] of Object.entries(content.tables ?? {})) {
    const parts = typeof made === 'string' ? {[`${name}.parquet`]: made} : made
    const isPartitioned = typeof made !== 'string'
    const files = []
    for (const [part, sql] of Object.entries(parts)) {
      const path = `${workspacePaths.parquet}/${isPartitioned ? `${name}/` : ''}${part}`
      await copy(sql, path)
      const bytes = await readFile(join(root, path))
      const md5 = createHash('md5').update(bytes).digest('hex')
      const mtimeMs = Math.trunc((await stat(join(root, path))).mtimeMs)
      files.push({path, sizeBytes: bytes.length, mtimeMs, md5})
    }
    installed.set(name, {
      name,
      hash: files[0]!.md5,
      rows: null,
      sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      isPartitioned,
      files,
      installedAt: '2026-01-31T09:00:00.000Z',
      updated: '2026-01-30T04:00:00',
    })
  }
  for (const [name, sql] of Object.entries(content.snapshots ?? {}))
    await copy(sql, `${workspacePaths.snapshots}/${name}.parquet`)
  if (content.catalog !== undefined) {
    const path = join(root, workspacePaths.catalog)
    await mkdir(dirname(path), {recursive: true})
    await onDatabase(path, content.catalog.replaceAll('{root}', root))
  }
  const state = {
    ...emptySyncState(),
    server: 'https://agnes.example.com',
    lastSuccessAt: '2026-01-31T09:00:00.000Z',
    ...content.state,
    tables: installed,
  }
  await workspace.write(workspacePaths.state, encodeDocument(state, {}))
  const run = (argv: string[], options: Partial<RunOptions> = {}) =>
    runCli(argv, {env: {HOME: workspace.home}, currentDir: root, ...options})
  return {...workspace, run, copy}
}
