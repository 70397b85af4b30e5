import {UsageError} from '../errors.js'
import type {QueryFormat} from './query-formats.js'

/** `--json` is short for `--format json`; beside `--out` it is about the report on standard output. */
export function chooseFormat(
  format: QueryFormat | undefined,
  isJson: boolean,
  out: string | undefined,
): QueryFormat {
  if (!isJson) return format ?? 'table'
  if (out === undefined && format !== undefined && format !== 'json')
    throw new UsageError(`--json and --format ${format} contradict each other.`, {
      hint: 'Use one of them.',
    })
  return format ?? 'json'
}
