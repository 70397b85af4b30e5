import type {InstalledPlugin, Offer, PluginAction} from './marketplace-model.js'

export interface PluginPlan {
  actions: PluginAction[]
  /** Installed and no longer on offer, but kept: an offer of nothing is no reason to remove anything. */
  kept: string[]
}

/** What brings the installed plugins in step with the offer, by name. */
export function planPlugins(offer: Offer, installed: readonly InstalledPlugin[]): PluginPlan {
  const actions: PluginAction[] = []
  for (const {name, version: to} of offer.plugins) {
    const known = installed.find((plugin) => plugin.name === name)
    if (!known) actions.push({action: 'install', name, from: null, to})
    else if (known.version !== to) actions.push({action: 'update', name, from: known.version, to})
  }
  const listed = new Set([...offer.plugins, ...offer.refused].map(({name}) => name))
  const gone = installed.filter(({name}) => !listed.has(name))
  if (offer.plugins.length === 0) return {actions, kept: gone.map(({name}) => name)}
  for (const {name, version} of gone)
    actions.push({action: 'remove', name, from: version, to: null})
  return {actions, kept: []}
}
