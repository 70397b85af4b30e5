import {z} from 'zod/mini'
import {ConflictError} from '../../errors.js'
import type {SnapshotInfo} from '../../snapshot/list-snapshots.js'
import {openLocalSnapshots} from '../../snapshot/open-snapshots.js'
import {findSnapshot} from '../../snapshot/refresh-snapshot.js'
import {removeSnapshots} from '../../snapshot/remove-snapshots.js'
import {answerSchema, argument, decision} from '../arguments.js'
import {normalForm} from '../handles.js'
import {defineTool} from '../tool.js'

export const snapshotDrop = defineTool({
  name: 'snapshot_drop',
  description:
    'Remove a snapshot for good. Needs the handle of snapshot_list with its name, and a reason.',
  input: z.strictObject({name: argument.name(), ...decision}),
  output: answerSchema('dropped:array'),
  lists: ['dropped'],
  narrow: 'Drop one at a time.',
  subject: ({name}) => ({name}),
  async run({name}, {around, workspace, seen}, signal) {
    const {root} = await around.findWorkspace(workspace)
    const deps = openLocalSnapshots(around, root)
    await findSnapshot(deps, name)
    const stillApplies = (info: SnapshotInfo) => normalForm(factsOf(info)) === normalForm(seen)
    const dropped = await removeSnapshots(deps, {names: [name], stillApplies}, signal)
    if (dropped.length > 0) return {answer: {dropped}}
    throw new ConflictError(`The snapshot ${name} is not the one that was looked at any more.`, {
      code: 'look_stale',
      hint: 'Call snapshot_list with its name again.',
      details: {name},
    })
  },
})

/** What must not have changed between the look and the drop. */
export function factsOf({name, table, fetchedAt, sizeBytes, rows, md5}: SnapshotInfo) {
  return {name, table, fetchedAt, sizeBytes, rows, md5}
}
