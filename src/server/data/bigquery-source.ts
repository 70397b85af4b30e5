import {UsageError} from '../../lib/errors.js'
import type {TablePath} from '../../lib/ports/remote-engine.js'
import type {DataStoreDeps} from './open-data-store.js'
import type {RemoteAttach} from './read-extract.js'
import type {BigQuerySource} from './remote-source.js'

/**
 * A `_remote_attach` row of BigQuery. `url` is what DuckDB's extension is attached with: `project=ID`, and
 * `billing_project`, `dataset`, `location`, `api_endpoint` where they are needed, separated by spaces.
 * Tables are found by their views, which must be plain: what a view leaves out must stay out.
 */
export function bigQuerySource(
  {secret}: Pick<DataStoreDeps, 'secret'>,
  {
    source,
    remote,
    views,
  }: {source: string; remote: RemoteAttach; views: ReadonlyMap<string, string>},
): BigQuerySource {
  const {project, billing_project: payer, location, api_endpoint: endpoint} = settingsOf(remote)
  if (project === undefined)
    throw new UsageError(`The BigQuery of ${source} has no project: its url is "project=ID".`)
  const keyFile = remote.tokenEnv === '' ? undefined : secret(remote.tokenEnv)
  if (remote.tokenEnv !== '' && keyFile === undefined)
    throw new UsageError(
      `The key file of BigQuery is missing: set ${remote.tokenEnv} to its path and start again.`,
    )
  const paths = new Map<string, TablePath>()
  for (const [name, sql] of views) {
    const path = pathOf(sql, {alias: remote.alias, project})
    if (path) paths.set(name, path)
  }
  return {options: {project: payer ?? project, location, endpoint, keyFile}, paths}
}

function settingsOf({url}: RemoteAttach): Record<string, string | undefined> {
  const words = url.trim().split(/[\s,;]+/)
  const pairs = words.map((word) => /^([a-z_]+)=(.+)$/.exec(word))
  if (pairs.length === 1 && !pairs[0] && words[0] !== '') return {project: words[0]}
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1], pair[2]]] : [])))
}

const NAME = String.raw`([A-Za-z_]\w*|"[^"]+")`
const PLAIN_VIEW = new RegExp(
  String.raw`^CREATE VIEW (?:(?:\w+|"[^"]+")\.){0,2}(?:\w+|"[^"]+") AS SELECT \* FROM ${NAME}\.${NAME}\.${NAME};?\s*$`,
  'is',
)

function pathOf(sql: string, {alias, project}: {alias: string; project: string}): TablePath | null {
  const [, catalog = '', dataset = '', table = ''] = PLAIN_VIEW.exec(sql) ?? []
  const plain = (name: string) => name.replace(/^"|"$/g, '')
  if (catalog === '' || plain(catalog).toLowerCase() !== alias.toLowerCase()) return null
  const path = {project, dataset: plain(dataset), table: plain(table)}
  // They are written between backticks.
  return Object.values(path).some((part) => /[`\\\n]/.test(part)) ? null : path
}
