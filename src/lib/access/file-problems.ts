import {UsageError} from '../errors.js'

/** What is wrong with a file, and where. */
export interface FileProblem {
  /** From 1. */
  line: number
  message: string
}

const SHOWN = 20

/** The one error for a file that says something wrong; also for what only the server's state shows. */
export function invalid(
  path: string,
  problems: readonly FileProblem[],
  cause?: unknown,
): UsageError {
  const sorted = [...problems].sort((a, b) => a.line - b.line)
  const shown = sorted.slice(0, SHOWN).map(({line, message}) => `line ${line}: ${message}`)
  const more = sorted.length > SHOWN ? [`and ${sorted.length - SHOWN} more`] : []
  const list = [...shown, ...more].map((text) => `\n  ${text}`).join('')
  return new UsageError(`${path} cannot be used:${list}`, {
    code: 'invalid_access_file',
    hint: 'See how it is written: agnes admin export. Nothing was changed.',
    details: {path, problems: sorted.slice(0, 100)},
    cause,
  })
}
