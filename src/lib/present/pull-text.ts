import type {LockHolder} from '../ports/lock.js'
import type {PruneReason, SkipReason} from '../sync/plan-model.js'
import type {PullResult} from '../sync/pull-result.js'
import {bytesText, countText} from './amounts.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** What a pull did, for a person; in a pipe one tab-separated line per table: action, table, bytes, reason. */
export function pullText(result: PullResult, terminal: Terminal): string {
  if (!terminal.isTty) return rowsText(result)
  const {downloaded, adopted, kept} = result
  const here = kept.length + downloaded.length + adopted.length
  if (result.isUpToDate && result.ok && result.notes.state !== 'updated' && !result.isPlanOnly)
    return [
      upToDateText({...result, tables: here}, terminal),
      ...blockedLines(result, terminal),
    ].join('\n')
  const seconds = secondsText(result)
  const place = placeText(result, terminal)
  const lines = [place, ...doneLines(result, terminal), ...leftLines(result)]
  if (result.isPlanOnly) lines.push(planLine(result))
  else {
    const amount = `${count(downloaded.length, 'table')} fetched (${bytesText(result.bytes.downloaded)})`
    lines.push(`${amount}, ${here} here in all, ${seconds}.`)
  }
  return lines.join('\n')
}

/** The same of a pull that had nothing to do, and nothing to tell but that. */
export function upToDateText(
  facts: Pick<PullResult, 'workspace' | 'server' | 'durationMs' | 'skipped'> & {tables: number},
  terminal: Terminal,
): string {
  const tables = count(facts.tables, 'table')
  if (!terminal.isTty)
    return [row('up_to_date', '', '', tables), ...facts.skipped.map(skippedRow)].join('\n')
  const place = placeText(facts, terminal)
  return `Everything is up to date: ${tables} (${secondsText(facts)}). ${place}`
}

function placeText(
  {workspace, server}: Pick<PullResult, 'workspace' | 'server'>,
  terminal: Terminal,
): string {
  return paint(terminal, 'dim', `${sanitizeLine(workspace)} <- ${server}`)
}

function secondsText({durationMs}: Pick<PullResult, 'durationMs'>): string {
  return `${(durationMs / 1000).toFixed(1)} s`
}

/** What went wrong, for the error that follows the text (and is all there is with `--quiet`). */
export function pullFailureText({failed, notes}: PullResult): string {
  const lines = listed(failed, ({table, error, hint}) => {
    const next = hint === null ? '' : ` ${sanitizeLine(hint)}`
    return `  ${sanitizeLine(table)}: ${sanitizeLine(error)}${next}`
  })
  if (notes.error !== null) lines.push(`  company notes: ${sanitizeLine(notes.error)}`)
  return lines.join('\n')
}

/** While another pull has the workspace. */
export function waitingText({command, pid, since}: LockHolder): string {
  return `Waiting for another agnes in this workspace: ${sanitizeLine(command)} (process ${pid}, since ${sanitizeLine(since)}).\n`
}

const MAX_LISTED = 20

const PRUNED: Record<PruneReason, string> = {
  revoked: 'you may not see it any more',
  server_only: 'it stays on the server now',
  not_in_packages: 'it is not in your data packages any more',
  remote: 'it is asked on the server now',
  name_collision: 'another table has the same name here',
}

const SKIPPED: Record<SkipReason, string> = {
  server_only: 'stays on the server',
  not_materialized: 'the server has not built it yet',
  skipped_materialized: 'left out by --skip-materialize',
  not_in_packages: 'not in your data packages',
  unsafe_name: 'its name cannot be a file name',
  not_requested: 'not named by --table',
  guarded: 'the server sent no data packages',
}

function doneLines(result: PullResult, terminal: Terminal): string[] {
  const {isPlanOnly} = result
  return [
    ...listed(result.downloaded, ({table, bytes, rows, reason}) => {
      const size = rows === null ? bytesText(bytes) : `${bytesText(bytes)}, ${countText(rows)} rows`
      const why = reason === 'new' ? '' : `, was ${reason}`
      return `  ${isPlanOnly ? 'to fetch' : 'fetched'}  ${sanitizeLine(table)} (${size}${why})`
    }),
    ...listed(result.adopted, ({table}) => `  found    ${sanitizeLine(table)} was on disk already`),
    // Removals are security-relevant: every one of them is shown.
    ...result.pruned.map(({table, reason}) =>
      paint(
        terminal,
        'yellow',
        `  ${isPlanOnly ? 'to remove' : 'removed '} ${sanitizeLine(table)}: ${PRUNED[reason]}`,
      ),
    ),
    ...blockedLines(result, terminal),
    ...notesLines(result),
  ]
}

/** Told by every pull until they are dropped: their rows are still on the disk. */
function blockedLines({blockedSnapshots}: PullResult, terminal: Terminal): string[] {
  return blockedSnapshots.map(({name, table}) =>
    paint(
      terminal,
      'yellow',
      `  blocked  snapshot ${sanitizeLine(name)}: you may not see ${sanitizeLine(table)} any more. Remove it: agnes snapshot drop ${sanitizeLine(name)}`,
    ),
  )
}

function notesLines({notes, isPlanOnly}: PullResult): string[] {
  if (notes.state !== 'updated') return []
  const {written, removed} = notes
  const done = `${count(written.length, 'company note')} ${isPlanOnly ? 'to write' : 'written'}`
  return [removed.length === 0 ? `  ${done}` : `  ${done}, ${removed.length} removed`]
}

function leftLines({skipped, remote}: PullResult): string[] {
  const shown = skipped.filter(({reason}) => reason !== 'not_requested')
  const lines = listed(
    shown,
    ({table, reason}) => `  skipped  ${sanitizeLine(table)}: ${SKIPPED[reason]}`,
  )
  if (remote.length > 0) {
    const names = remote.slice(0, 5).map(sanitizeLine).join(', ')
    const more = remote.length > 5 ? ` and ${remote.length - 5} more` : ''
    lines.push(`  on the server only: ${names}${more}`)
  }
  return lines
}

function planLine({downloaded, bytes, pruned}: PullResult): string {
  const free = bytes.free === null ? '' : `, ${bytesText(bytes.free)} free on the disk`
  return `Plan: ${count(downloaded.length, 'table')} to fetch (${bytesText(bytes.planned)}), ${pruned.length} to remove${free}. Nothing was changed.`
}

function listed<T>(items: readonly T[], line: (item: T) => string): string[] {
  const lines = items.slice(0, MAX_LISTED).map(line)
  if (items.length > MAX_LISTED)
    lines.push(`  ... and ${items.length - MAX_LISTED} more (all with --json)`)
  return lines
}

function count(amount: number, thing: string): string {
  return `${countText(amount)} ${thing}${amount === 1 ? '' : 's'}`
}

function rowsText(result: PullResult): string {
  const {isPlanOnly, kept} = result
  const isIdle = result.isUpToDate && result.ok
  return [
    ...(isIdle ? [row('up_to_date', '', '', `${count(kept.length, 'table')}`)] : []),
    ...result.downloaded.map(({table, bytes, reason}) =>
      row(isPlanOnly ? 'fetch' : 'fetched', table, bytes, reason),
    ),
    ...result.adopted.map(({table, bytes}) => row('found', table, bytes, '')),
    ...result.pruned.map(({table, reason}) =>
      row(isPlanOnly ? 'remove' : 'removed', table, '', reason),
    ),
    ...result.blockedSnapshots.map(({name, table}) => row('blocked', name, '', table)),
    ...result.skipped.map(skippedRow),
    ...result.failed.map(({table, error}) => row('failed', table, '', error)),
  ].join('\n')
}

function row(action: string, table: string, bytes: number | '', reason: string): string {
  return [action, sanitizeLine(table), bytes, sanitizeLine(reason)].join('\t')
}

function skippedRow({table, reason}: PullResult['skipped'][number]): string {
  return row('skipped', table, '', reason)
}
