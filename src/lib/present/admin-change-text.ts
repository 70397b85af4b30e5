import type {Change, ChangeResult} from '../admin/changes.js'
import {shortId} from './admin-list-text.js'
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
