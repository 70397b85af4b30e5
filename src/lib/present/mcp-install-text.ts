import type {McpInstallResult} from '../../commands/mcp/install.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

const WORDS = {
  installed: 'Written',
  updated: 'Updated',
  unchanged: 'Already as it should be',
  left: 'Left alone',
}

export function mcpInstallText(result: McpInstallResult, terminal: Terminal): string {
  const {state, path, reason, scope} = result
  if (!terminal.isTty) return `${state}\t${sanitizeLine(path)}`
  if (state === 'left') return `${WORDS.left}: ${sanitizeLine(path)}, because ${reason}.`
  const who = scope === 'project' ? 'in this workspace' : 'for this account'
  return (
    `${WORDS[state]}: ${sanitizeLine(path)}\n` +
    `Claude Code ${who} has its tools from the next start on; it asks once whether it may.`
  )
}
