import type {PublishedTable, SqlReader} from '../model.js'
import type {Caller, TableAccess} from '../route-deps.js'

/** On whose behalf a statement of a caller runs. */
export function sqlReaders(tables: TableAccess): (caller: Caller) => SqlReader {
  const allowedIds = rememberedIds()
  return (caller) => ({
    isAdmin: caller.isAdmin,
    allowed: allowedIds(tables.visible(caller)),
  })
}

/** The list of visible tables keeps its identity until rights or data change. */
function rememberedIds(): (tables: readonly PublishedTable[]) => ReadonlySet<string> {
  const known = new WeakMap<readonly PublishedTable[], ReadonlySet<string>>()
  return (tables) => {
    let ids = known.get(tables)
    if (!ids) known.set(tables, (ids = new Set(tables.map(({id}) => id))))
    return ids
  }
}
