import {noFix, type WhyStep} from './why-model.js'

/** Where a table answers, by how it is published. */
export function modeStep(
  table: string,
  {queryMode, isServerOnly}: {queryMode: string; isServerOnly: boolean},
): WhyStep {
  const step = {step: 'mode', state: 'yes', ...noFix} as const
  if (isServerOnly) return {...step, what: `${table} stays on the server: it answers there only.`}
  if (queryMode === 'remote')
    return {...step, what: `${table} is remote: it answers on the server, nothing is pulled.`}
  if (queryMode === 'local' || queryMode === 'materialized')
    return {...step, what: `${table} is ${queryMode}: it is pulled and answers from disk.`}
  return {
    ...step,
    state: 'unknown',
    what: `${table} has the mode ${queryMode}, which is not known here.`,
  }
}

export function isPulledMode(mode: {queryMode: string; isServerOnly: boolean}): boolean {
  return !mode.isServerOnly && ['local', 'materialized'].includes(mode.queryMode)
}
