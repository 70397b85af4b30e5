import type {ExportResult, ImportResult, MetricCheck} from '../admin/change-metrics.js'
import type {RegisterResult, UpdateResult} from '../admin/change-tables.js'
import type {Change, ChangeResult} from '../admin/changes.js'
import type {SyncTrigger} from '../wire/admin.js'
import {shortId} from './admin-list-text.js'
import {countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

/** What was done, a line each. In a pipe: action, kind, id, name, group, and whether it was new. */
export function changeText({changes}: ChangeResult, terminal: Terminal): string {
  return changes
    .map((change) => (terminal.isTty ? sentence(change) : cells(change).join('\t')))
    .join('\n')
}

function sentence(change: Change): string {
  const {action, kind, name, group, id, isNew} = change
  const isSelfNamed = kind === 'grant' || kind === 'member'
  const what = isSelfNamed ? name : `${kind} ${name}`
  const where = group === null ? '' : ` ${preposition(action)} group ${group}`
  const shown = id === name ? '' : ` (${shortId(id)})`
  const already = isNew ? '' : ', as it was already'
  return sanitizeLine(
    `${action[0]!.toUpperCase()}${action.slice(1)} ${what}${where}${shown}${already}.`,
  )
}

function preposition(action: string): string {
  return ['removed', 'revoked'].includes(action) ? 'from' : 'to'
}

function cells({action, kind, id, name, group, isNew}: Change): string[] {
  return [action, kind, id, name, group ?? '', isNew ? 'new' : 'unchanged'].map(sanitizeLine)
}

/** A table that was registered, or what the server would make of it. */
export function registeredText(result: RegisterResult, terminal: Terminal): string {
  const {precheck} = result
  if (precheck !== null)
    return Object.entries(precheck)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])
      .map((cells) => cells.map(sanitizeLine).join(terminal.isTty ? ': ' : '\t'))
      .join('\n')
  if (!terminal.isTty) return changeText(result, terminal)
  const id = result.changes[0]?.id ?? 'TABLE'
  return [
    changeText(result, terminal),
    'Fetch its data: agnes admin sync trigger',
    `Let a group read it: agnes admin grant GROUP ${sanitizeLine(id)}`,
  ].join('\n')
}

export function updatedText(result: UpdateResult, terminal: Terminal): string {
  const fields = sanitizeLine(result.updated.join(', '))
  const text = changeText(result, terminal)
  if (!terminal.isTty) return `${text}\t${fields}`
  return fields === '' ? text : `${text}\nChanged: ${fields}`
}

export function importedText(result: ImportResult, terminal: Terminal): string {
  const text = changeText(result, terminal)
  if (!terminal.isTty) return text
  const lines = text === '' ? [] : [text]
  const replaced = result.changes.flatMap(({action, id}) => (action === 'replaced' ? [id] : []))
  if (replaced.length > 0)
    lines.push(`Written by hand until now: ${sanitizeLine(replaced.join(', '))}`)
  if (result.isDryRun) lines.push('This is what would be done. Nothing was.')
  if (result.kept.length > 0)
    lines.push(`On the server and in no file: ${sanitizeLine(result.kept.join(', '))}`)
  return lines.join('\n')
}

export function exportedText(
  {folder, written, unchanged}: ExportResult,
  terminal: Terminal,
): string {
  if (!terminal.isTty)
    return [
      ...written.map((path) => `written\t${path}`),
      ...unchanged.map((path) => `unchanged\t${path}`),
    ].join('\n')
  return `Written to ${folder}: ${countText(written.length)}. As they were already: ${countText(unchanged.length)}.`
}

/** A line a metric; on a terminal the sum of it. */
export function checkedText(
  {checks, invalid}: {checks: readonly MetricCheck[]; invalid: number},
  terminal: Terminal,
): string {
  const rows = checks.map(({id, table, isValid}) =>
    [isValid ? 'ok' : 'no table', id, table ?? ''].map(sanitizeLine),
  )
  if (!terminal.isTty) return rows.map((row) => row.join('\t')).join('\n')
  const word = checks.length === 1 ? 'metric' : 'metrics'
  const sum = `${countText(checks.length)} ${word}, ${countText(invalid)} about tables that are not registered.`
  return [...alignColumns(rows), sum].join('\n')
}

export function triggeredText({tables, jobId, message}: SyncTrigger, terminal: Terminal): string {
  const what = tables === null ? 'all tables' : tables.join(', ')
  if (!terminal.isTty) return ['triggered', what, jobId ?? ''].map(sanitizeLine).join('\t')
  const said = message === null ? '' : `\n${sanitizeLine(message)}`
  return `The server fetches ${sanitizeLine(what)}.${said}\nIs it done? agnes admin sync status`
}

export function syncStatusText({isRunning}: {isRunning: boolean}, terminal: Terminal): string {
  if (!terminal.isTty) return isRunning ? 'running' : 'idle'
  return isRunning ? 'The server is fetching its data.' : 'The server is not fetching anything now.'
}
