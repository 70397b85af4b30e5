import {createHash} from 'node:crypto'
import type {Caller, CatalogTable} from './route-deps.js'
import type {TableCatalog} from './table-catalog.js'

/** A manifest without its `server_time`, which the ETag does not cover. */
export interface Manifest {
  /** Strong, quoted. */
  etag: string
  /** The JSON object up to and without `,"server_time":…}`. */
  head: string
}

/**
 * One manifest per distinct set of visible tables: callers in the same groups share it, and it is
 * rendered and hashed again only when the tables or somebody's rights changed.
 */
export class ManifestCache {
  private readonly rendered = new WeakMap<readonly CatalogTable[], Manifest>()

  constructor(private readonly catalog: TableCatalog) {}

  forCaller(caller: Caller): Manifest {
    const visible = this.catalog.visible(caller)
    let manifest = this.rendered.get(visible)
    if (!manifest) {
      manifest = render(visible)
      this.rendered.set(visible, manifest)
    }
    return manifest
  }
}

function render(visible: readonly CatalogTable[]): Manifest {
  const tables = Object.fromEntries(
    visible.filter(({isPublished}) => isPublished).map((table) => [table.name, toEntry(table)]),
  )
  const head = JSON.stringify({tables, assets: {}}).slice(0, -1)
  const digest = createHash('sha256').update(head).digest('base64url')
  return {etag: `"${digest.slice(0, 32)}"`, head}
}

function toEntry(table: CatalogTable): Record<string, unknown> {
  const isRemote = table.queryMode === 'remote'
  return {
    hash: isRemote ? '' : table.hash,
    updated: table.updated,
    size_bytes: isRemote ? 0 : table.sizeBytes,
    rows: isRemote ? (table.rows ?? 0) : table.rows,
    query_mode: table.queryMode,
    source_type: table.sourceType,
    server_only: table.serverOnly,
    ...(table.parts
      ? {
          parts: table.parts.map(({path, md5, sizeBytes}) => ({
            path,
            hash: md5,
            size_bytes: sizeBytes,
          })),
        }
      : {}),
  }
}
