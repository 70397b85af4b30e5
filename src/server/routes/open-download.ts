import {ApiError} from '../api-error.js'
import type {PublishedPart} from '../model.js'
import type {Caller, CatalogTable} from '../route-deps.js'
import {openServed, type OpenedFile} from '../send-file.js'
import type {ServerRouteDeps} from '../server-deps.js'

type Deps = Pick<ServerRouteDeps, 'catalog' | 'store' | 'logger' | 'signal'>

const IDENTIFIER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

interface Wanted {
  /** Name or id of a table. */
  reference: string
  /** As the manifest names it; `undefined` for the table's only file. */
  part: string | string[] | undefined
}

interface Download {
  /** The caller closes its handle. */
  file: OpenedFile
  path: string
}

/**
 * The file that `caller` asks for, as the manifest describes it: one that was replaced since the last
 * look is published first, so that whoever has the old hash finds the new one when it asks again.
 */
export async function openDownload(deps: Deps, caller: Caller, wanted: Wanted): Promise<Download> {
  const found = await openFile(deps, caller, wanted)
  if (found.isAsPublished) return found
  await found.file.handle.close()
  await deps.store
    .rescan(deps.signal)
    .catch((error: unknown) => deps.logger.error('rescan failed', {error: String(error)}))
  return openFile(deps, caller, wanted)
}

/** By name or id; for callers without the right an unknown table looks like a forbidden one. */
export function allowedTable(
  {catalog}: Pick<Deps, 'catalog'>,
  caller: Caller,
  reference: string,
): CatalogTable | undefined {
  const table = catalog.findFor(caller, reference)
  if (table) return table
  if (!IDENTIFIER.test(reference)) throw new ApiError(404, 'Table not found')
  if (!catalog.canRead(caller, reference)) throw new ApiError(403, 'Access denied to this table')
  return undefined
}

async function openFile(
  deps: Deps,
  caller: Caller,
  {reference, part}: Wanted,
): Promise<Download & {isAsPublished: boolean}> {
  const table = allowedTable(deps, caller, reference)
  if (table?.serverOnly)
    throw new ApiError(
      403,
      `table '${table.id}' is server_only: it is queried on the server and not handed out`,
    )
  const published = part === undefined ? table : partOf(table, part)
  const path = published?.file
  const file = path ? await openServed(path) : undefined
  if (!published || !path || !file)
    throw new ApiError(
      404,
      part === undefined ? `Table '${reference}' not found` : 'Part not found',
    )
  return {file, path, isAsPublished: isSameFile(file, published)}
}

/** Only paths the manifest lists exist; nothing is ever joined to a folder. */
function partOf(
  table: CatalogTable | undefined,
  part: string | string[],
): PublishedPart | undefined {
  return table?.parts?.find(({path}) => path === part)
}

function isSameFile(
  file: OpenedFile,
  {sizeBytes, mtimeMs}: {sizeBytes: number | null; mtimeMs: number | null},
): boolean {
  // Kinds of `stat` differ in their last digits.
  return file.sizeBytes === sizeBytes && Math.abs(file.mtimeMs - (mtimeMs ?? 0)) < 1
}
