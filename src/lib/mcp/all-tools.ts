import type {Tool} from './tool.js'
import type {ToolName} from './policy.js'
import {catalog} from './tools/catalog.js'
import {describe} from './tools/describe.js'
import {estimate} from './tools/estimate.js'
import {grantApply} from './tools/grant-apply.js'
import {grantPlan} from './tools/grant-plan.js'
import {metrics} from './tools/metrics.js'
import {pull} from './tools/pull.js'
import {query} from './tools/query.js'
import {sample} from './tools/sample.js'
import {schema} from './tools/schema.js'
import {snapshotCreate} from './tools/snapshot-create.js'
import {snapshotDrop} from './tools/snapshot-drop.js'
import {snapshotList} from './tools/snapshot-list.js'
import {status} from './tools/status.js'
import {why} from './tools/why.js'

const TOOLS: Record<ToolName, Tool> = {
  ...{catalog, schema, describe, sample, metrics, estimate, query},
  ...{snapshot_create: snapshotCreate, snapshot_list: snapshotList, snapshot_drop: snapshotDrop},
  ...{pull, status, why, grant_plan: grantPlan, grant_apply: grantApply},
}

/** In the order in which they are used. */
export const ALL_TOOLS: readonly Tool[] = Object.values(TOOLS)

export function toolOf(name: ToolName): Tool {
  return TOOLS[name]
}
