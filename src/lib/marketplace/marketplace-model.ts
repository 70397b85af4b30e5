/**
 * Marketplace: the plugins for Claude Code that a server offers a person. The *shelf* is our copy of
 * them in the config folder, which Claude Code knows as a marketplace on disk; it never talks to the
 * server itself, so no certificate or token has to be known to it. A *plugin* of the shelf is then
 * installed, updated or removed by the `claude` command alone. This room runs nothing of what it
 * fetches and removes nothing on an answer it cannot read.
 */

/** What Claude Code and the server call it. */
export const MARKETPLACE = 'agnes'

/** Where a plugin is installed for: this workspace (shared settings), this workspace (own settings), or everywhere. */
export type PluginScope = 'project' | 'local' | 'user'

export interface OfferedPlugin {
  name: string
  version: string
  description: string
  /** Inside the archive, without `./`. */
  folder: string
}

/** A plugin that is listed but cannot be taken. */
export interface RefusedPlugin {
  name: string
  reason: string
}

export interface Offer {
  plugins: OfferedPlugin[]
  refused: RefusedPlugin[]
}

export interface InstalledPlugin {
  name: string
  version: string | null
  isEnabled: boolean
}

export interface PluginAction {
  action: 'install' | 'update' | 'remove'
  name: string
  /** Version that is installed now. */
  from: string | null
  /** Version on offer. */
  to: string | null
}
