import type {Clock} from '../ports/clock.js'
import type {Lock} from '../ports/lock.js'
import {listSnapshots, type SnapshotInfo} from './list-snapshots.js'
import {parquetPath, recordPath, sidecarPath} from './snapshot-record.js'
import {dropSnapshotViews, type ViewDeps} from './snapshot-view.js'

export interface RemoveDeps extends ViewDeps {
  clock: Clock
  lock: Lock
}

/** All that are given must hold; none given means every snapshot. */
export interface PruneRules {
  olderThanMs: number | null
  largerThanBytes: number | null
  isExpiredOnly: boolean
}

/** Which snapshots the rules name. One of unknown age is never old enough. */
export function choosePruned(
  snapshots: readonly SnapshotInfo[],
  {olderThanMs, largerThanBytes, isExpiredOnly}: PruneRules,
  nowMs: number,
): SnapshotInfo[] {
  return snapshots.filter(({fetchedAt, sizeBytes, isExpired}) => {
    const ageMs = fetchedAt === null ? -1 : nowMs - Date.parse(fetchedAt)
    return (
      (olderThanMs === null || ageMs >= olderThanMs) &&
      (largerThanBytes === null || sizeBytes >= largerThanBytes) &&
      (!isExpiredOnly || isExpired)
    )
  })
}

/**
 * The one way a snapshot goes: view, file, sidecar, record. The view first: with the catalog held by
 * somebody else nothing is removed (`BusyError`). `stillApplies` is asked again under the lock.
 */
export async function removeSnapshots(
  deps: RemoveDeps,
  {names, stillApplies}: {names: readonly string[]; stillApplies(info: SnapshotInfo): boolean},
  signal: AbortSignal,
): Promise<SnapshotInfo[]> {
  const {files, lock, clock} = deps
  const options = {waitMs: 60_000, command: 'agnes snapshot drop'}
  return lock.hold(
    options,
    async () => {
      const now = await listSnapshots(files, clock.now())
      const chosen = now.filter((info) => names.includes(info.name) && stillApplies(info))
      await dropSnapshotViews(
        deps,
        chosen.map(({name}) => name),
        signal,
      )
      for (const {name} of chosen)
        for (const path of [parquetPath(name), sidecarPath(name), recordPath(name)])
          await files.remove(path)
      return chosen
    },
    signal,
  )
}
