import type {Files} from '../ports/files.js'
import {readSyncState} from '../sync/sync-state.js'
import {countField, textField, textsField} from '../wire/read-fields.js'
import {
  parquetPath,
  readRecord,
  readSidecar,
  snapshotNames,
  type Sidecar,
  type SnapshotRecord,
} from './snapshot-record.js'
import {withdrawnSource} from './withdrawn-source.js'

export interface SnapshotInfo {
  name: string
  /** Id of the table on the server; `null` when nobody wrote it down. */
  table: string | null
  /** `null` when unknown. */
  rows: number | null
  /** Of the Parquet file; 0 when it is gone. */
  sizeBytes: number
  /** ISO 8601; `null` when unknown. */
  fetchedAt: string | null
  expiresAt: string | null
  isExpired: boolean
  select: string[] | null
  where: string | null
  limit: number | null
  orderBy: string[] | null
  fromQuery: string | null
  /** Origin; `null` when another client made it. */
  server: string | null
  /** Of the whole file, when it was made; `null` when another client made it. */
  md5: string | null
  estimatedScanBytes: number | null
  /** `changed`: not the size it was made with; `missing`: no file; `unrecorded`: a file without a readable sidecar. */
  state: 'ok' | 'changed' | 'missing' | 'unrecorded'
  /** A source that is no longer granted: queries refuse the snapshot. */
  withdrawnSource: string | null
}

/** Every snapshot of the workspace, by name; whatever another client left is shown as far as it can be read. */
export async function listSnapshots(files: Files, nowMs: number): Promise<SnapshotInfo[]> {
  const {state} = await readSyncState(files)
  const snapshots: SnapshotInfo[] = []
  for (const name of await snapshotNames(files)) {
    const withdrawn = await withdrawnSource(files, name, state)
    snapshots.push({...(await readSnapshot(files, name, nowMs)), withdrawnSource: withdrawn})
  }
  return snapshots
}

async function readSnapshot(files: Files, name: string, nowMs: number): Promise<SnapshotInfo> {
  const [facts, sidecar, known] = await Promise.all([
    files.stat(parquetPath(name)),
    readSidecar(files, name),
    readRecord(files, name),
  ])
  const record = known && isOfSidecar(known, sidecar) ? known : null
  const described = record ? ofRecord(record) : ofSidecar(sidecar ?? {})
  const expected = record?.sizeBytes ?? countField(sidecar?.bytes_local)
  const sizeBytes = facts?.sizeBytes ?? 0
  const state = !facts
    ? 'missing'
    : !sidecar && !record
      ? 'unrecorded'
      : expected !== null && expected !== sizeBytes
        ? 'changed'
        : 'ok'
  const {expiresAt} = described
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= nowMs
  return {name, ...described, sizeBytes, isExpired, state, withdrawnSource: null}
}

/** The other client may have made it anew: then our record is about the old one. */
function isOfSidecar(record: SnapshotRecord, sidecar: Sidecar | null): boolean {
  return !sidecar || isoTime(sidecar.fetched_at) === record.fetchedAt
}

type Described = Omit<
  SnapshotInfo,
  'name' | 'sizeBytes' | 'isExpired' | 'state' | 'withdrawnSource'
>

function ofRecord(record: SnapshotRecord): Described {
  const {recipe, rows, fetchedAt, expiresAt, server, md5, estimatedScanBytes} = record
  return {...recipe, rows, fetchedAt, expiresAt, server, md5, estimatedScanBytes}
}

function ofSidecar(sidecar: Sidecar): Described {
  const texts = (value: unknown) => (Array.isArray(value) ? textsField(value) : null)
  return {
    table: textField(sidecar.table_id),
    rows: countField(sidecar.rows),
    fetchedAt: isoTime(sidecar.fetched_at),
    expiresAt: isoTime(sidecar.expires_at),
    select: texts(sidecar.select),
    where: textField(sidecar.where),
    limit: countField(sidecar.limit),
    orderBy: texts(sidecar.order_by),
    fromQuery: null,
    server: null,
    md5: null,
    estimatedScanBytes: countField(sidecar.estimated_scan_bytes_at_fetch),
  }
}

function isoTime(value: unknown): string | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
