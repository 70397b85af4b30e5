import {describeTable, type DescribeRequest, type TableDescription} from './describe-table.js'
import type {Discovery} from './open-discovery.js'
import type {SampleRows} from './sample-rows.js'

export interface TableRows extends Pick<
  TableDescription,
  'id' | 'name' | 'server' | 'workspace' | 'checkedAt'
> {
  sample: SampleRows
}

/** Some rows and nothing else; not having any to show is a failure. */
export async function sampleTable(
  request: DescribeRequest,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<TableRows> {
  const described = await describeTable({...request, mustHaveRows: true}, discovery, signal)
  const {id, name, server, workspace, checkedAt, sample} = described
  return {id, name, server, workspace, checkedAt, sample: sample!}
}
