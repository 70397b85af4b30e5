import {ApiError} from '../api-error.js'
import type {TableReference} from './check-query.js'

/** The refusals of `/api/query`, worded as the reference server words them (contract 5.2, 5.4). */

export function onlySelect(detail?: string): ApiError {
  const text = 'Only single SELECT queries are allowed'
  return new ApiError(400, detail === undefined ? text : `${text}: ${detail}`)
}

export function mustStartWithSelect(): ApiError {
  return new ApiError(400, 'Query must start with SELECT or WITH')
}

export function accessDenied(name: string): ApiError {
  return new ApiError(403, `Access denied to table '${name}'`)
}

export function pathNotRegistered({catalog, schema, name}: TableReference): ApiError {
  const path = [catalog || schema, ...(catalog ? [schema] : []), name]
  return new ApiError(403, {
    reason: 'bq_path_not_registered',
    path: path.map((part, index) => (index === 0 ? part : `"${part}"`)).join('.'),
    hint:
      'Direct bq.* references must point to a registered table. ' +
      'Use the name that `agnes catalog` lists.',
  })
}

export function scanTooLarge(facts: {
  scanBytes: number
  limitBytes: number
  tables: readonly string[]
}): ApiError {
  return new ApiError(400, {
    reason: 'remote_scan_too_large',
    scan_bytes: facts.scanBytes,
    limit_bytes: facts.limitBytes,
    tables: facts.tables,
    suggestion:
      `Take a snapshot of the part you need first: agnes snapshot create ${facts.tables[0] ?? 'TABLE'} ` +
      '--select COLUMNS --where PREDICATE --estimate',
  })
}

export function answerTooLarge(maxBytes: number): ApiError {
  return new ApiError(400, {
    kind: 'bq_response_too_large',
    message: `The answer has more than ${Math.floor(maxBytes / 2 ** 20)} MiB.`,
    suggestion:
      'Aggregate, name fewer columns or filter; or take the rows as a file: ' +
      'agnes snapshot create TABLE --select COLUMNS --where PREDICATE --estimate',
  })
}

export function missingTable(sql: string, {schema, name, position}: TableReference): ApiError {
  const qualified = schema === '' ? name : `${schema}.${name}`
  return queryError(`Catalog Error: Table with name ${qualified} does not exist!`, sql, position)
}

/** `Query error: …` with the line and a caret below the place, as the engine prints it. */
export function queryError(message: string, sql: string, position: number | null): ApiError {
  const place = position === null ? '' : `\n\n${caret(sql, position)}`
  return new ApiError(400, `Query error: ${message}${place}`)
}

/** `position` counts bytes of UTF-8, as the engine does. */
function caret(sql: string, position: number): string {
  const before = Buffer.from(sql, 'utf8').subarray(0, position).toString('utf8')
  const lines = before.split('\n')
  const start = before.length - (lines.at(-1) ?? '').length
  const line = sql.slice(start).split('\n', 1)[0] ?? ''
  const label = `LINE ${lines.length}: `
  return `${label}${line}\n${' '.repeat(label.length + before.length - start)}^`
}
