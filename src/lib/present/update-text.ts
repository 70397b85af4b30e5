import type {UpdateReport} from '../update/update-workspace.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

const TITLES = {
  settings: 'Hooks and status line',
  texts: 'CLAUDE.md and commands',
  pull: 'Tables and company notes',
  push: 'Transcripts',
}
const STATES = {
  unchanged: 'up to date',
  changed: 'updated',
  would_change: 'to be updated',
  left: 'left as it is',
  failed: 'FAILED',
}

export function updateText(report: UpdateReport, {isTty}: Terminal): string {
  const rows = report.steps.map(({name, state, details, error}) => ({
    name,
    state,
    notes: [...details, ...(error ? [error.message] : [])].map(sanitizeLine),
  }))
  if (!isTty)
    return rows.map(({name, state, notes}) => [name, state, notes.join('; ')].join('\t')).join('\n')
  return rows
    .flatMap(({name, state, notes}) => [
      `${TITLES[name].padEnd(26)}${STATES[state]}`,
      ...notes.map((note) => `    ${note}`),
    ])
    .join('\n')
}
