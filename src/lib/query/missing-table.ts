import {QueryError, type AgnesError} from '../errors.js'
import type {ListedTable, SyncState} from '../sync/sync-state.js'
import {nearestNames} from './nearest-names.js'

interface Advice {
  why: string
  hint: string
}

/** Why a listed table is not on this computer, and the command that answers it anyway. */
const LISTED: Record<ListedTable['reason'], (name: string) => Advice> = {
  remote: (name) => ({
    why: 'it is a remote table, which stays on the server',
    hint: `Ask the server: agnes query --remote "SELECT ...". Or keep a part of it here: agnes snapshot create ${name} --estimate`,
  }),
  server_only: () => ({
    why: 'it stays on the server',
    hint: 'Ask the server: agnes query --remote "SELECT ..."',
  }),
  not_materialized: (name) => ({
    why: 'the server has not produced it yet',
    hint: `Try again later: agnes pull --table ${name}`,
  }),
  skipped_materialized: (name) => ({
    why: 'the last pull left it out (--skip-materialize)',
    hint: `Fetch it: agnes pull --table ${name}`,
  }),
  not_in_packages: () => ({
    why: 'it is in none of the packages you have chosen',
    hint: 'Ask the server: agnes query --remote "SELECT ..."',
  }),
  unsafe_name: () => ({
    why: 'its name cannot be a file name, so it is never downloaded',
    hint: 'Ask the server: agnes query --remote "SELECT ..."',
  }),
}

/** A missing table explained from what the last pull knows; `names` are the tables that can be queried. */
export function missingTable(
  missing: string,
  state: SyncState,
  {names, cause}: {names: Iterable<string>; cause: AgnesError},
): QueryError {
  const {code, why, hint} = explain(missing, state, names)
  return new QueryError(`There is no table ${missing} here${why === '' ? '.' : `: ${why}.`}`, {
    code,
    hint,
    details: {...cause.details, missingTable: missing},
    cause,
  })
}

function explain(
  missing: string,
  state: SyncState,
  names: Iterable<string>,
): Advice & {code: string} {
  const folded = missing.toLowerCase()
  const listed = state.listed.find(({name}) => name.toLowerCase() === folded)
  if (listed) return {code: `table_${listed.reason}`, ...LISTED[listed.reason](listed.name)}
  if (state.blockedNames.some((name) => name.toLowerCase() === folded))
    return {
      code: 'table_withdrawn',
      why: 'the server no longer lists it for you',
      hint: 'Ask an administrator for access, then run: agnes pull',
    }
  if (/[/\\]|\.(?:csv|tsv|json|ndjson|parquet)$/i.test(missing))
    return {
      code: 'file_not_readable',
      why: 'a query reads tables, and files of the workspace only',
      hint: 'Copy the file into the workspace and name it with its whole path.',
    }
  if (state.lastSuccessAt === null && state.tables.size === 0)
    return {
      code: 'table_not_found',
      why: 'nothing has been pulled yet',
      hint: 'Fetch the tables: agnes pull',
    }
  const near = nearestNames(missing, names)
  const similar = near.length === 0 ? '' : `Similar names: ${near.join(', ')}. `
  return {code: 'table_not_found', why: '', hint: `${similar}See what is here: agnes status`}
}
