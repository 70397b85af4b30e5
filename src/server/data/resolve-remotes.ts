import {basename} from 'node:path'
import {toAgnesError, UsageError} from '../../lib/errors.js'
import type {DataStoreDeps} from './open-data-store.js'
import {bigQuerySource} from './bigquery-source.js'
import type {Extract, RemoteAttach} from './read-extract.js'
import {
  isBigQuery,
  isDuckDb,
  isSqlite,
  remoteFile,
  type Attachment,
  type BigQuerySource,
  type RemoteSource,
} from './remote-source.js'
import {importSqlite} from './sqlite-import.js'

/** Turns `_remote_attach` rows into DuckDB files that can be attached. Problems are told, not thrown. */
export async function resolveRemotes(
  deps: DataStoreDeps,
  {source, remotes, views}: Pick<Extract, 'remotes' | 'views'> & {source: string},
  signal?: AbortSignal,
): Promise<RemoteSource> {
  const folder = `extracts/${source}`
  const attachments: Attachment[] = []
  let bigQuery: BigQuerySource | null = null
  const problems: string[] = []
  for (const remote of remotes) {
    try {
      if (!isBigQuery(remote)) attachments.push(await resolveOne(deps, {source, remote}, signal))
      else if (bigQuery === null) bigQuery = bigQuerySource(deps, {source, remote, views})
      else throw new UsageError(`${source} names BigQuery twice; one project is enough.`)
    } catch (error) {
      if (signal?.aborted) throw error
      const {message} = toAgnesError(error)
      problems.push(message)
      deps.logger.error('server.remote_unavailable', {source, alias: remote.alias, message})
    }
  }
  return {
    extractFile: deps.files.absolute(`${folder}/extract.duckdb`),
    attachments,
    bigQuery,
    problem: problems.length === 0 ? null : problems.join(' '),
  }
}

async function resolveOne(
  deps: DataStoreDeps,
  {source, remote}: {source: string; remote: RemoteAttach},
  signal?: AbortSignal,
): Promise<Attachment> {
  const {alias, extension, tokenEnv} = remote
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(alias) || RESERVED.has(alias.toLowerCase()))
    throw new UsageError(`"${alias}" cannot be the alias of a remote engine.`)
  const file = remoteFile(remote, deps.files.absolute(`extracts/${source}`))
  if (isSqlite(remote))
    return {alias, file: await importSqlite(deps, {source, alias, file}, signal), key: null}
  if (!isDuckDb(remote))
    throw new UsageError(
      `The remote engine of ${source} needs the extension "${extension}"; this server attaches DuckDB and ` +
        'SQLite files.',
    )
  const key = tokenEnv === '' ? null : (deps.secret(tokenEnv) ?? null)
  if (tokenEnv !== '' && key === null)
    throw new UsageError(
      `The key of ${basename(file)} is missing: set ${tokenEnv} and start again.`,
    )
  return {alias, file, key}
}

/** Catalogs that a session has by itself. */
const RESERVED = new Set(['memory', 'main', 'system', 'temp', 'extract'])
