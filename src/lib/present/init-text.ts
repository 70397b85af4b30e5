import type {InitOutcome} from '../workspace/init-workspace.js'
import {quotePath} from '../workspace/quote-path.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** What `init` set up. In a pipe: one fact a line, its kind first. */
export function initText(outcome: InitOutcome, terminal: Terminal): string {
  return terminal.isTty ? prose(outcome, terminal) : facts(outcome)
}

/** What to type next, for a person; a pipe needs no advice. */
export function nextStepText({workspace}: {workspace: string}, terminal: Terminal): string {
  if (!terminal.isTty) return ''
  return `${paint(terminal, 'dim', 'Next:')} cd ${quotePath(workspace)}, then: agnes status`
}

function prose(outcome: InitOutcome, terminal: Terminal): string {
  const {files, signedIn} = outcome
  const changed = files.filter(({action}) => action !== 'unchanged')
  const name = signedIn.email === null ? 'yes' : sanitizeLine(signedIn.email)
  const end =
    signedIn.expiresAt === null ? '' : `, token valid until ${signedIn.expiresAt.slice(0, 10)}`
  const head = alignColumns([
    ['Workspace', outcome.workspace],
    ['Server', `${outcome.server} (${outcome.tablesListed} tables listed for you)`],
    ['Signed in', `${name}${end}`],
  ])
  const state = outcome.isNew ? 'The workspace is ready.' : 'The workspace was set up before.'
  const rows = alignColumns(
    changed.map(({path, action}) => [action, path]),
    {indent: '  '},
  )
  const news = changed.length === 0 ? ' Nothing had to be changed.' : ''
  return [...head, ...rows, paint(terminal, 'green', state) + news].join('\n')
}

function facts(outcome: InitOutcome): string {
  return [
    ['workspace', outcome.workspace],
    ['server', outcome.server],
    ['signed_in', sanitizeLine(outcome.signedIn.email ?? ''), outcome.signedIn.expiresAt ?? ''],
    ['tables_listed', String(outcome.tablesListed)],
    ...outcome.files.map(({path, action}) => ['file', path, action]),
  ]
    .map((row) => row.join('\t'))
    .join('\n')
}
