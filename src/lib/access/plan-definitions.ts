import {
  thingKeys,
  type AccessAction,
  type CurrentAccess,
  type DesiredMetric,
  type DesiredTable,
  type FieldValues,
} from './access-model.js'
import {changesBetween, settled} from './field-values.js'
import {tableIdOf} from './known-fields.js'
import type {PlanDraft} from './plan-draft.js'

/** What is registered, and how it is described. */
export function planTables(
  draft: PlanDraft,
  desired: readonly DesiredTable[],
  {current, prune}: {current: CurrentAccess; prune: boolean},
): void {
  const known = new Map((current.tables ?? []).map((table) => [table.id, table]))
  for (const {id, fields: wanted, line} of desired) {
    const table = known.get(id)
    if (table?.isInternal) {
      draft.refuse(line, `${id} is the server's own table; leave it out`)
      continue
    }
    const fields = changesBetween(table?.fields ?? {}, wanted)
    if (table) {
      if (fields.length > 0) draft.add({...action('table', id), verb: 'change', fields})
      continue
    }
    const name = settled(wanted.name) ?? id
    const itsId = tableIdOf(String(name))
    if (itsId !== id)
      draft.refuse(line, `a new table ${String(name)} gets the id ${itsId}, not ${id}`)
    else draft.add({...action('table', id), fields})
  }
  if (!prune) return
  const listed = new Set(desired.map(({id}) => id))
  for (const {id, isInternal} of current.tables ?? []) {
    if (listed.has(id)) continue
    if (!isInternal) draft.add({...action('table', id), verb: 'remove'})
    else
      draft.keep({
        ...{kind: 'table', name: id, group: null, resourceType: null},
        reason: "the server's own table stays",
      })
  }
}

/** Agreed figures. */
export function planMetrics(
  draft: PlanDraft,
  desired: readonly DesiredMetric[],
  {current, prune}: {current: CurrentAccess; prune: boolean},
): void {
  const known = new Map((current.metrics ?? []).map((metric) => [metric.id, metric]))
  for (const {id, fields: wanted, line} of desired) {
    const metric = known.get(id)
    const fields = changesBetween(metric?.fields ?? {}, withTitle(id, wanted))
    const isCleared = fields.some(({field, to}) => field === 'sql' && to === null)
    if (isCleared || (!metric && settled(wanted.sql) === null))
      draft.refuse(line, `the metric ${id} has no sql`)
    else if (!metric) draft.add({...action('metric', id), fields})
    else if (fields.length > 0) draft.add({...action('metric', id), verb: 'change', fields})
  }
  if (!prune) return
  const listed = new Set(desired.map(({id}) => id))
  for (const {id} of current.metrics ?? [])
    if (!listed.has(id)) draft.add({...action('metric', id), verb: 'remove'})
}

/** A metric without a title of its own is called by its name. */
function withTitle(id: string, fields: FieldValues): FieldValues {
  const isCleared = 'display_name' in fields && settled(fields.display_name) === null
  return isCleared ? {...fields, display_name: id.slice(id.indexOf('/') + 1)} : fields
}

function action(kind: 'table' | 'metric', id: string): AccessAction {
  return {
    ...{verb: 'create', kind, key: thingKeys[kind](id), name: id},
    ...{group: null, resourceType: null, fields: [], because: null},
  }
}
