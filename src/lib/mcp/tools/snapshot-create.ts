import {z} from 'zod/mini'
import {createSnapshot} from '../../snapshot/create-snapshot.js'
import {openSnapshots} from '../../snapshot/open-snapshots.js'
import {answerSchema, decision, recipe} from '../arguments.js'
import {snapshotRequest, snapshotSubject} from '../requests.js'
import {defineTool} from '../tool.js'

export const snapshotCreate = defineTool({
  name: 'snapshot_create',
  description:
    'Keep a part of a table on this computer, to be asked by its name. Needs the handle of estimate with ' +
    'the same arguments, and a reason. ttl such as 7d.',
  input: z.strictObject({...recipe, ttl: z.optional(z.string()), ...decision}),
  output: answerSchema('name:string rows:integer sizeBytes:integer next:string notes:array'),
  lists: ['notes'],
  narrow: 'Keep less.',
  subject({ttl, ...part}) {
    // What is wrong with it is said before the handle is used up.
    snapshotRequest(part, 0, ttl)
    return snapshotSubject(part)
  },
  async run({ttl, ...part}, {around, workspace}, signal) {
    const request = snapshotRequest(part, around.env.snapshotMaxBytes, ttl)
    const {root} = await around.findWorkspace(workspace)
    const deps = await openSnapshots(around, root)
    const {snapshot, view, warnings} = await createSnapshot(deps, request, signal)
    const {name, rows, sizeBytes, expiresAt, estimatedScanBytes} = snapshot!
    return {
      answer: {
        ...{name, rows, sizeBytes, expiresAt, estimatedScanBytes, view: view?.state},
        next: `Call query on it: SELECT ... FROM ${name}`,
        notes: warnings,
      },
    }
  },
})
