import {describeTable, type DescribeRequest} from '../../discovery/describe-table.js'
import {openDiscovery} from '../../discovery/open-discovery.js'
import type {SampleRows} from '../../discovery/sample-rows.js'
import type {Answer, ToolDeps} from '../tool.js'

/** What is known of one table, without the commands that are for people. */
export async function tableFacts(
  request: DescribeRequest,
  {around, workspace}: ToolDeps,
  signal: AbortSignal,
): Promise<{facts: Answer; sample: SampleRows | null}> {
  const discovery = await openDiscovery({workspace}, around)
  const table = await describeTable(request, discovery, signal)
  const {id, name, description, queryMode, sqlFlavor, columns, local, sample} = table
  const {partitionBy, clusteredBy, whereDialectHints, whereExamples, columnsFrom} = table
  const facts = {
    ...{id, name, description, mode: queryMode, sqlFlavor, columnsFrom},
    scope: local === null ? 'remote' : 'local',
    rowsInAll: local?.rows ?? table.rows,
    ...{partitionBy, clusteredBy, whereDialectHints, whereExamples, columns},
    notes: discovery.notices,
  }
  return {facts, sample}
}
