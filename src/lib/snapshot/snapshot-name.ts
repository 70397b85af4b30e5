import {ConflictError, UsageError} from '../errors.js'
import type {SyncState} from '../sync/sync-state.js'

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/
const RESERVED =
  /^(?:information_schema|main|memory|system|temp|analytics|pg_catalog|duckdb_.*|con|prn|aux|nul|com\d|lpt\d)$/i

/** A name that is a file name and an identifier, and nobody else's. */
export function checkSnapshotName(name: string, state: SyncState): void {
  if (!NAME.test(name))
    throw new UsageError(`${name} cannot be the name of a snapshot.`, {
      code: 'snapshot_name',
      hint: 'Choose one of letters, digits and underscores with --as NAME, not beginning with a digit.',
      details: {name},
    })
  if (RESERVED.test(name))
    throw new UsageError(`The name ${name} is reserved.`, {
      code: 'snapshot_name',
      hint: 'Choose another one with --as NAME.',
      details: {name},
    })
  const folded = name.toLowerCase()
  const pulled = [...state.tables.keys()].find((table) => table.toLowerCase() === folded)
  const blocked = state.blockedNames.find((table) => table.toLowerCase() === folded)
  if (pulled === undefined && blocked === undefined) return
  throw new ConflictError(
    pulled === undefined
      ? `${name} is the name of a table that was withdrawn; a snapshot must not answer for it.`
      : `${name} is the name of a table on this computer; a snapshot must not answer for it.`,
    {
      code: 'snapshot_name_taken',
      hint: 'Choose another name with --as NAME.',
      details: {name},
    },
  )
}
