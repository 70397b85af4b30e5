import type {ExitCode} from '../exit-codes.js'
import type {Terminal} from './terminal.js'

/** The table for a person; in a pipe the same rows, tab-separated. */
export function exitCodesText(codes: readonly ExitCode[], terminal: Terminal): string {
  if (!terminal.isTty)
    return codes.map(({code, name, meaning}) => [code, name, meaning].join('\t')).join('\n')
  const width = Math.max(...codes.map(({name}) => name.length))
  return codes
    .map(
      ({code, name, meaning}) => `${String(code).padStart(4)}  ${name.padEnd(width)}  ${meaning}`,
    )
    .concat('', 'Text and --json end with the same code. Take any other code as a failure.')
    .join('\n')
}
