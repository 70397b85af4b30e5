import type {GrantOrShown} from '../admin/grant-tables.js'
import {changeText} from './admin-change-text.js'
import {listPage} from './admin-list-text.js'
import {grantList, groupList} from './admin-lists.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

/** What was granted, or what a group has, or which groups there are, with what to type next. */
export function grantOrShownText(result: GrantOrShown, terminal: Terminal): string {
  if (result.kind === 'granted') return changeText(result, terminal)
  const at = {terminal, isFirst: true}
  if (result.kind === 'groups') {
    const list = listPage(groupList, result.groups, at)
    return withNext(list, 'Grant a table to one: agnes admin grant GROUP TABLE', terminal)
  }
  const name = sanitizeLine(result.group.name)
  const list = listPage(grantList, result.grants, at)
  return withNext(list, `Grant more: agnes admin grant ${quoted(name)} TABLE`, terminal)
}

function withNext(list: string, next: string, terminal: Terminal): string {
  return terminal.isTty ? `${list}\n\n${next}` : list
}

/** A name as one word of a shell. */
function quoted(name: string): string {
  return /^[\w@.+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}
