import {workspacePaths} from '../../config/paths.js'
import type {Files} from '../../ports/files.js'
import {listSnapshots} from '../../snapshot/list-snapshots.js'
import type {Observation} from '../model.js'
import {markOf, type Remembered} from './remembered.js'

/** Snapshots that are to be kept until some time. */
export type KnownSnapshots = readonly {name: string; expiresAt: string}[]

/** Snapshots past their time. They are read again only when one of their files has moved. */
export async function senseSnapshots(
  files: Files,
  memory: Remembered<KnownSnapshots>,
  nowMs: number,
): Promise<Observation[]> {
  const {snapshots: folder, snapshotRecords: records} = workspacePaths
  const names = await files.list(folder)
  // In most workspaces there are none, and nothing else is looked at.
  if (names.length === 0) return []
  const recorded = await files.list(records)
  const paths = [
    ...names.map((name) => `${folder}/${name}`),
    ...recorded.map((name) => `${records}/${name}`),
  ]
  const known = await memory.get(await markOf(files, paths), async () => {
    const snapshots = await listSnapshots(files, nowMs)
    return snapshots.flatMap(({name, expiresAt}) => (expiresAt === null ? [] : {name, expiresAt}))
  })
  return (
    known
      // A file of another program may be called like a flag.
      .filter(({name, expiresAt}) => Date.parse(expiresAt) <= nowMs && !name.startsWith('-'))
      .map(({name, expiresAt}) => ({
        kind: 'snapshot_expired',
        subject: name,
        message: `The snapshot ${name} was to be kept until ${expiresAt}.`,
        // This one alone, and only while it is so: an approval is for what was shown.
        action: ['snapshot', 'drop', name, '--expired'],
      }))
  )
}
