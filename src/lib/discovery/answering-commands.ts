import type {ListedTable} from '../sync/sync-state.js'
import type {LocalTable} from './local-table.js'

export interface AnswerableTable {
  id: string
  name: string
  queryMode: string
  serverOnly: boolean
  local: LocalTable | null
  notLocalBecause: ListedTable['reason'] | null
}

/**
 * The commands that answer questions about a table, best first, to be typed as they are. `[]` for a
 * name that would mean something else to a shell: the server chose it, and people paste commands.
 */
export function answeringCommands(table: AnswerableTable): string[] {
  const {id, name, queryMode, serverOnly, local, notLocalBecause} = table
  const sqlName = sqlNameOf(name)
  if (sqlName === undefined) return []
  if (local?.state === 'damaged') return ['agnes verify --repair']
  if (local) return [`agnes query ${quoted(`FROM ${sqlName} LIMIT 10`)}`]
  const remote = `agnes query --remote ${quoted(`SELECT count(*) FROM ${sqlName}`)}`
  if (queryMode === 'remote')
    return isPlain(id) ? [`agnes snapshot create ${id} --estimate`, remote] : [remote]
  const isPulled = queryMode === 'local' || queryMode === 'materialized'
  const staysThere =
    serverOnly || ['server_only', 'unsafe_name', 'not_in_packages'].includes(notLocalBecause ?? '')
  if (!isPulled || staysThere || !isPlain(name)) return [remote]
  return [`agnes pull --table ${name}`]
}

/** The name in SQL; `undefined` for one that cannot be pasted safely. */
function sqlNameOf(name: string): string | undefined {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  return /^[\p{L}\p{N}_ .-]+$/u.test(name) ? `"${name}"` : undefined
}

function quoted(sql: string): string {
  return sql.includes('"') ? `'${sql}'` : `"${sql}"`
}

function isPlain(word: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(word)
}
