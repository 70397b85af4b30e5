import type {MarketplaceRefreshResult, PluginOutcome} from '../marketplace/refresh-marketplace.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

const DONE = {install: 'installed', update: 'updated', remove: 'removed'}
const FAILED = {install: 'not installed', update: 'not updated', remove: 'not removed'}

/** What was done; in a pipe: state, plugin, version before, version on offer, one plugin a line. */
export function marketplaceText(result: MarketplaceRefreshResult, terminal: Terminal): string {
  if (!terminal.isTty)
    return result.plugins
      .map((plugin) =>
        [stateOf(plugin), plugin.name, plugin.from ?? '', plugin.to ?? '']
          .map(sanitizeLine)
          .join('\t'),
      )
      .join('\n')
  const {offered, plugins} = result
  const rows = plugins.map((plugin) => [
    stateOf(plugin),
    sanitizeLine(plugin.name),
    versions(plugin),
  ])
  return [
    `${sanitizeLine(result.server)} offers you ${count(offered.length)}.`,
    ...alignColumns(rows, {indent: '  '}),
    ...ending(result, terminal),
  ].join('\n')
}

/** What a reader should know beside the answer, as sentences. */
export function marketplaceWarnings(result: MarketplaceRefreshResult): string[] {
  const refused = result.refused.map(({name, reason}) => `${name} cannot be taken: ${reason}.`)
  const kept =
    result.kept.length === 0
      ? []
      : [
          `The server offers you no plugin at all, so nothing was removed; installed are ${result.kept.join(', ')}.`,
        ]
  const noClaude = result.hasClaude
    ? []
    : ['The command `claude` was not found, so no plugin was looked at. Install Claude Code first.']
  return [...refused, ...kept, ...noClaude]
}

function stateOf({action, state}: PluginOutcome): string {
  if (state === 'planned') return action
  return (state === 'done' ? DONE : FAILED)[action]
}

function versions({from, to}: PluginOutcome): string {
  const known = [from, to].filter((version) => version !== null)
  return sanitizeLine(known.join(' -> '))
}

function count(plugins: number): string {
  return plugins === 1 ? '1 plugin' : `${plugins} plugins`
}

function ending(result: MarketplaceRefreshResult, terminal: Terminal): string[] {
  if (!result.hasClaude || result.kept.length > 0) return []
  if (result.plugins.length === 0)
    return [paint(terminal, 'green', 'Your plugins are as the server offers them.')]
  if (result.isCheck) return ['To do this, run: agnes marketplace refresh']
  return ['In a session that is open, type /reload-plugins; a new one has them.']
}
