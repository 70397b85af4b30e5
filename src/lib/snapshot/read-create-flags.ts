import {UsageError} from '../errors.js'
import {parseDuration, parseSize} from '../config/parse-amounts.js'
import type {CreateRequest} from './create-snapshot.js'

/** The flags of `snapshot create`, as typed. */
export interface CreateFlags {
  select?: string | undefined
  where?: string | undefined
  limit?: number | undefined
  'order-by'?: string | undefined
  as?: string | undefined
  estimate: boolean
  'no-estimate': boolean
  force: boolean
  'max-bytes'?: string | undefined
  ttl?: string | undefined
  'from-query'?: string | undefined
}

/** Flags that contradict each other are `UsageError`, before anything is asked or opened. */
export function readCreateFlags(
  table: string,
  flags: CreateFlags,
  defaultMaxBytes: number,
): CreateRequest {
  const {where, limit} = flags
  const fromQuery = flags['from-query'] ?? null
  refuseContradictions(flags)
  const own = flags['max-bytes']
  return {
    name: flags.as ?? table,
    recipe: {
      table: fromQuery === null ? table : (flags.as ?? table),
      select: parseList(flags.select, 'select'),
      where: where ?? null,
      limit: limit ?? null,
      orderBy: parseList(flags['order-by'], 'order-by'),
      fromQuery,
    },
    isEstimateOnly: flags.estimate,
    skipsEstimate: flags['no-estimate'],
    replaces: flags.force,
    ceiling: {
      maxBytes: own === undefined ? defaultMaxBytes : parseSize(own, 'max-bytes'),
      isExplicit: own !== undefined,
    },
    ttlMs: flags.ttl === undefined ? null : parseDuration(flags.ttl, 'ttl'),
  }
}

/** `a, b` as its parts; an empty list is a mistake, not "everything". */
function parseList(text: string | undefined, flag: string): string[] | null {
  if (text === undefined) return null
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length > 0) return parts
  throw new UsageError(`--${flag} names nothing.`, {hint: `Name columns: --${flag} a,b.`})
}

function refuseContradictions(flags: CreateFlags): void {
  if (flags['from-query'] === undefined) return
  const other = (['select', 'where', 'limit', 'order-by'] as const).find(
    (name) => flags[name] !== undefined,
  )
  if (other !== undefined)
    throw new UsageError(`--from-query is the whole query; --${other} cannot be added to it.`, {
      hint: 'Write it into the SQL.',
    })
}
