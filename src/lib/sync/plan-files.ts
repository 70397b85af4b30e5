import type {ManifestTable} from '../wire/manifest.js'
import type {DownloadReason, PlanInput, PlanItem, PlannedFetch} from './plan-model.js'
import type {InstalledFile, InstalledTable} from './state-model.js'
import {flatPath, partPath, partsFolder} from './table-paths.js'

/** What is known about one wanted file: right, wrong, or not known before it is hashed. */
type Verdict =
  {is: 'right'; file: InstalledFile} | {is: 'wrong'; reason: DownloadReason} | {is: 'unknown'}

/** Compares what the server publishes for one table with the files here. */
export function planFiles(
  table: ManifestTable,
  installed: InstalledTable | undefined,
  input: Omit<PlanInput, 'manifest'>,
): PlanItem {
  if (isPlainlyCurrent(table, installed, input)) return {kind: 'keep', name: table.name}
  const wanted = wantedFiles(table)
  const before = new Map(installed?.files.map((file) => [file.path, file]))
  const isSame = installed !== undefined && isSameVersion(installed, table)
  const verdicts = wanted.map((fetch) =>
    judge(fetch, {known: before.get(fetch.path), isSame, table}, input),
  )
  const unknown = wanted.filter((_, index) => verdicts[index]?.is === 'unknown')
  if (unknown.length > 0)
    return {kind: 'check', name: table.name, paths: unknown.map(({path}) => path)}

  const keep = verdicts.flatMap((verdict) => (verdict.is === 'right' ? [verdict.file] : []))
  const fetches = wanted.filter((_, index) => verdicts[index]?.is === 'wrong')
  const removes = leftovers(table, installed, {wanted, input})
  if (fetches.length === 0) {
    const isUntouched =
      isSame && removes.length === 0 && keep.every((file) => before.get(file.path) === file)
    if (!isUntouched) return {kind: 'adopt', name: table.name, table, files: keep, removes}
    const {name} = table
    return isDescribed(installed, table)
      ? {kind: 'keep', name}
      : {kind: 'keep', name, refresh: table}
  }
  return {
    kind: 'download',
    name: table.name,
    table,
    reason: reasonOf(verdicts, {isSame, isInstalled: installed !== undefined}),
    fetches,
    keep,
    removes,
    bytes: fetches.reduce((sum, {sizeBytes}) => sum + (sizeBytes ?? 0), 0),
  }
}

/** What nearly every table of nearly every pull is; the full comparison says the same, at ten times the cost. */
function isPlainlyCurrent(
  table: ManifestTable,
  installed: InstalledTable | undefined,
  {facts, options}: Omit<PlanInput, 'manifest'>,
): boolean {
  const file = installed?.files[0]
  if (!file || options.isVerify || table.parts !== null || installed.isPartitioned) return false
  const onDisk = facts.get(file.path)
  return (
    table.hash !== null &&
    installed.hash === table.hash &&
    onDisk?.sizeBytes === file.sizeBytes &&
    onDisk.mtimeMs === file.mtimeMs &&
    !onDisk.isDirectory &&
    isDescribed(installed, table)
  )
}

function wantedFiles({name, hash, sizeBytes, parts}: ManifestTable): PlannedFetch[] {
  if (!parts) return [{path: flatPath(name), part: null, hash, sizeBytes}]
  return parts.map((part) => ({
    path: partPath(name, part.path),
    part: part.path,
    hash: part.hash,
    sizeBytes: part.sizeBytes,
  }))
}

/** A table without a hash is the same while the server's own time and size stay. */
function isSameVersion(installed: InstalledTable, table: ManifestTable): boolean {
  if (installed.isPartitioned !== (table.parts !== null)) return false
  if (table.hash !== null) return installed.hash === table.hash
  return (
    installed.hash === '' &&
    installed.updated === table.updated &&
    isSize(table.sizeBytes, installed.sizeBytes)
  )
}

/** False when a fact beside the bytes moved, such as the server's data time. */
function isDescribed(installed: InstalledTable, table: ManifestTable): boolean {
  return (
    installed.rows === table.rows &&
    installed.updated === table.updated &&
    installed.queryMode === table.queryMode
  )
}

function judge(
  fetch: PlannedFetch,
  context: {known: InstalledFile | undefined; isSame: boolean; table: ManifestTable},
  {facts, hashes, options}: Omit<PlanInput, 'manifest'>,
): Verdict {
  const {known, isSame} = context
  const onDisk = facts.get(fetch.path)
  if (!onDisk || onDisk.isDirectory) return {is: 'wrong', reason: known ? 'missing' : 'new'}
  const isUnmoved = known?.sizeBytes === onDisk.sizeBytes && known.mtimeMs === onDisk.mtimeMs
  const isWanted =
    known !== undefined &&
    (fetch.hash === null
      ? isSame
      : (known.listedHash ?? known.md5) === fetch.hash || (isSame && fetch.part === null))
  if (isWanted && isUnmoved && !options.isVerify) return {is: 'right', file: known}
  // These are verified bytes, and they are not the ones wanted now.
  if (!isWanted && isUnmoved && known && !options.isVerify) return {is: 'wrong', reason: 'changed'}
  const expected = isWanted && known.md5 !== '' ? known.md5 : fetch.hash
  const expectedSize = isWanted && known.sizeBytes >= 0 ? known.sizeBytes : fetch.sizeBytes
  const otherwise: DownloadReason = isWanted ? 'damaged' : known ? 'changed' : 'new'
  if (expected === null || !isSize(expectedSize, onDisk.sizeBytes))
    return {is: 'wrong', reason: otherwise}
  const hash = hashes.get(fetch.path)
  if (hash === undefined) return {is: 'unknown'}
  if (hash !== expected) return {is: 'wrong', reason: otherwise}
  if (isWanted && isUnmoved) return {is: 'right', file: known}
  const {sizeBytes, mtimeMs} = onDisk
  const listed =
    fetch.part !== null && fetch.hash !== null && fetch.hash !== hash
      ? {listedHash: fetch.hash}
      : {}
  return {is: 'right', file: {path: fetch.path, sizeBytes, mtimeMs, md5: hash, ...listed}}
}

function isSize(expected: number | null, actual: number): boolean {
  return expected === null || expected === actual
}

/** Files of an earlier version, and the other layout's copy. */
function leftovers(
  table: ManifestTable,
  installed: InstalledTable | undefined,
  {wanted, input}: {wanted: PlannedFetch[]; input: Pick<PlanInput, 'facts'>},
): string[] {
  const isPartitioned = table.parts !== null
  const other = isPartitioned ? flatPath(table.name) : partsFolder(table.name)
  if (installed && installed.isPartitioned !== isPartitioned) return [other]
  const paths = new Set(wanted.map(({path}) => path))
  const stale = (installed?.files ?? [])
    .filter(({path}) => !paths.has(path))
    .map(({path}) => topmostUnused(path, table.name, paths))
  const isOtherHere = !installed && input.facts.get(other)?.isDirectory === !isPartitioned
  return [...new Set(isOtherHere ? [...stale, other] : stale)]
}

/** A partition folder that is not needed any more goes as a whole. */
function topmostUnused(path: string, table: string, wanted: ReadonlySet<string>): string {
  const root = partsFolder(table)
  for (let end = path.indexOf('/', root.length + 1); end > 0; end = path.indexOf('/', end + 1)) {
    const folder = path.slice(0, end + 1)
    if (![...wanted].some((other) => other.startsWith(folder))) return path.slice(0, end)
  }
  return path
}

function reasonOf(
  verdicts: Verdict[],
  {isSame, isInstalled}: {isSame: boolean; isInstalled: boolean},
): DownloadReason {
  if (!isInstalled) return 'new'
  if (!isSame) return 'changed'
  const wrong = verdicts.find((verdict) => verdict.is === 'wrong')
  return wrong?.reason === 'missing' ? 'missing' : 'damaged'
}
