/**
 * Which views of the catalog file to write, drop and leave alone. Pure. *Ours* is a view whose comment
 * is our mark (replacing a view by hand clears its comment, so an edited view is no longer ours), or
 * one the reference client made over a published file. Everything else belongs to the user.
 */
const MARK = 'agnes:1 '
/** Views over snapshots: a pull replaces them where a published table has the name, and else leaves them. */
const SNAPSHOT_MARK = 'agnes-snapshot:1 '

export interface CatalogObject {
  name: string
  kind: 'table' | 'view'
  /** The view's definition as the engine prints it. */
  sql: string | null
  comment: string | null
}

export interface WantedView {
  name: string
  /** `SELECT …`. */
  query: string
  /** Changes with the definition and with the columns. */
  fingerprint: string
}

export interface ViewPlan {
  /** In the order of `wanted`. */
  create: WantedView[]
  drop: string[]
  /** Names a table or view of the user holds. */
  shadowed: string[]
}

export function markOf(fingerprint: string): string {
  return `${MARK}${fingerprint}`
}

export function snapshotMark(fingerprint: string): string {
  return `${SNAPSHOT_MARK}${fingerprint}`
}

/** A view over a snapshot, ours or the reference client's. */
export function isSnapshotView({name, kind, sql, comment}: CatalogObject): boolean {
  if (kind !== 'view') return false
  if (comment !== null) return comment.startsWith(SNAPSHOT_MARK)
  const path = REFERENCE_VIEW.exec(sql ?? '')?.[1]?.replaceAll('\\', '/')
  return path?.endsWith(`/user/snapshots/${name}.parquet`) ?? false
}

/** `withdrawn`: names that were published here once and are not any more. */
export function planViews(
  wanted: readonly WantedView[],
  existing: readonly CatalogObject[],
  withdrawn: readonly string[],
): ViewPlan {
  const byName = new Map(existing.map((object) => [object.name.toLowerCase(), object]))
  const plan: ViewPlan = {create: [], drop: [], shadowed: []}
  for (const view of wanted) {
    const object = byName.get(view.name.toLowerCase())
    if (object && !isOurs(object)) plan.shadowed.push(view.name)
    else if (object?.comment !== markOf(view.fingerprint)) plan.create.push(view)
  }
  const keep = new Set(wanted.map(({name}) => name.toLowerCase()))
  const gone = new Set(withdrawn.map((name) => name.toLowerCase()))
  for (const object of existing) {
    const folded = object.name.toLowerCase()
    if (keep.has(folded) || !isOurs(object)) continue
    if (isMarked(object) || gone.has(folded)) plan.drop.push(object.name)
  }
  return plan
}

function isOurs(object: CatalogObject): boolean {
  return (
    object.kind === 'view' &&
    (isMarked(object) || isOfReferenceClient(object) || isSnapshotView(object))
  )
}

function isMarked({comment}: CatalogObject): boolean {
  return comment?.startsWith(MARK) ?? false
}

const REFERENCE_VIEW =
  /^CREATE VIEW .+? AS SELECT \* FROM read_parquet\((?:\[)?'((?:[^']|'')+)'[^']*\);?$/is

/** `SELECT * FROM read_parquet('…/server/parquet/<its own name>…')` and nothing more. */
function isOfReferenceClient({name, sql, comment}: CatalogObject): boolean {
  const path =
    comment === null ? REFERENCE_VIEW.exec(sql ?? '')?.[1]?.replaceAll('\\', '/') : undefined
  if (path === undefined) return false
  const tail = path.slice(path.lastIndexOf('/server/parquet/') + '/server/parquet/'.length)
  return (
    path.includes('/server/parquet/') && (tail === `${name}.parquet` || tail.startsWith(`${name}/`))
  )
}
