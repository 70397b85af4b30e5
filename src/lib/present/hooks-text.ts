import type {HooksReport} from '../hooks/open-hooks.js'
import type {RemovedText} from '../workspace/install-texts.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

const DONE: Record<NonNullable<HooksReport['action']>, string> = {
  installed: 'The hooks were installed.',
  updated:
    'The hooks were brought up to date; the file before is kept as settings.json.agnes-backup.',
  removed: 'The hooks were removed; the file before is kept as settings.json.agnes-backup.',
  unchanged: 'Nothing had to be changed.',
  left: 'Nothing was changed.',
}

export function hooksText(report: HooksReport, {isTty}: Terminal): string {
  const rows = [
    ...report.events.map(({event, state, command}) => [event, state, command ?? '']),
    ['statusLine', report.statusLine, ''],
  ].map((row) => row.map(sanitizeLine))
  if (!isTty)
    return [['hooks', report.state, report.reason ?? ''], ...rows]
      .map((row) => row.join('\t'))
      .join('\n')
  const lines = [
    ...(report.action === null ? [] : [DONE[report.action]]),
    `Hooks in ${report.settings}: ${report.state}.`,
    ...(report.reason === null ? [] : [report.reason]),
    ...rows.map(([name = '', state = '', command = '']) =>
      `  ${name.padEnd(13)} ${state.padEnd(8)} ${command}`.trimEnd(),
    ),
    ...nextStep(report),
  ]
  return lines.map(sanitizeLine).join('\n')
}

/** What became of the texts, a line each; none when they were not asked for. */
export function removedTextsText(texts: readonly RemovedText[], {isTty}: Terminal): string[] {
  return texts.map(({path, removed, reason}) => {
    const cells = ['text', removed ? 'removed' : 'left', path, reason ?? ''].map(sanitizeLine)
    if (!isTty) return cells.join('\t')
    return sanitizeLine(removed ? `Removed ${path}.` : `${path} stays: ${reason ?? ''}.`)
  })
}

function nextStep({state, action}: HooksReport): string[] {
  if (state === 'absent' && action === 'removed') return []
  if (state === 'absent' || state === 'altered') return ['Install them: agnes hooks install']
  return state === 'disabled'
    ? ['Take that setting out to have fresh data at every session start.']
    : []
}
