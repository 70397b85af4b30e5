import {UsageError} from '../errors.js'
import type {CreateRequest} from '../snapshot/create-snapshot.js'
import {parseDuration} from '../config/parse-amounts.js'

/** Requests in the one form in which a look and the call after it are compared. */

export interface RecipeInput {
  table?: string | undefined
  select?: string[] | undefined
  where?: string | undefined
  orderBy?: string[] | undefined
  limit?: number | undefined
  fromQuery?: string | undefined
  name?: string | undefined
}

/** `null` for a query that stays on this computer. */
export function querySubject({sql, scope}: {sql: string; scope: string}): unknown {
  return scope === 'remote' ? {sql: sql.trim(), scope} : null
}

export function snapshotSubject(part: RecipeInput): unknown {
  const {table, select, where, orderBy, limit, fromQuery} = part
  const name = part.name ?? table
  return {table, select, where: where?.trim(), orderBy, limit, fromQuery: fromQuery?.trim(), name}
}

/** `UsageError` for a part that names no table, or two things at once. */
export function snapshotRequest(part: RecipeInput, maxBytes: number, ttl?: string): CreateRequest {
  const {table, select, where, orderBy, limit, fromQuery} = part
  const name = part.name ?? table
  const hint = 'Give table (with select, where, orderBy, limit), or fromQuery with a name.'
  if (name === undefined || (table === undefined && fromQuery === undefined))
    throw new UsageError('Nothing says what the snapshot is to be made of.', {
      code: 'bad_arguments',
      hint,
    })
  const others = [table, select, where, orderBy, limit]
  if (fromQuery !== undefined && others.some((value) => value !== undefined))
    throw new UsageError('fromQuery is the whole query; nothing can be added to it.', {
      code: 'bad_arguments',
      hint,
    })
  return {
    name,
    recipe: {
      table: table ?? name,
      ...{select: nonEmpty(select), where: where ?? null, limit: limit ?? null},
      ...{orderBy: nonEmpty(orderBy), fromQuery: fromQuery ?? null},
    },
    ...{isEstimateOnly: false, skipsEstimate: false, replaces: false},
    ceiling: {maxBytes, isExplicit: false},
    ttlMs: ttl === undefined ? null : parseDuration(ttl, 'ttl'),
  }
}

function nonEmpty(list: string[] | undefined): string[] | null {
  return list === undefined || list.length === 0 ? null : list
}
