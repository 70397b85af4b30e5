import {IntegrityError} from '../../lib/errors.js'
import type {Cell, Warehouse, WarehouseSession} from '../../lib/ports/warehouse.js'
import {
  rowKey,
  stateShapes,
  type AuditPlace,
  type AuditRow,
  type FieldType,
  type StateChange,
  type StateTable,
} from './rows.js'

/** Raised by one whenever a table changes; a newer file is refused, an older one is brought up. */
export const SCHEMA_VERSION = 2
/** More rows at once take more of the engine's 256 MiB; many small statements do too. */
const ROWS_PER_STATEMENT = 5000
const AUDIT_FIELDS = {
  at: 'VARCHAR',
  requestId: 'VARCHAR',
  userId: 'VARCHAR',
  email: 'VARCHAR',
  ip: 'VARCHAR',
  method: 'VARCHAR',
  path: 'VARCHAR',
  status: 'INTEGER',
  detail: 'VARCHAR',
} as const
type Fields = Readonly<Record<string, FieldType | 'INTEGER'>>
const TABLES = Object.keys(stateShapes) as StateTable[]

/**
 * `state/system.duckdb`: one owner, one write at a time, each commit whole or not at all. Only
 * `SystemState` uses it; everybody else reads the copy in memory.
 */
export class SystemStore {
  private queue: Promise<unknown> = Promise.resolve()

  private constructor(private readonly session: WarehouseSession) {}

  /** Rejects with `BusyError` when another process has the file, `IntegrityError` when it is newer than us. */
  static async open(warehouse: Warehouse, path: string): Promise<SystemStore> {
    const session = await warehouse.open({path, access: 'write', memoryLimitMb: 256, threads: 1})
    try {
      await session.run('BEGIN')
      await prepare(session, path)
      await session.run('COMMIT')
      return new SystemStore(session)
    } catch (error) {
      await session.close()
      throw error
    }
  }

  /** Every row of one table. */
  async load(table: StateTable): Promise<Record<string, unknown>[]> {
    const fields = Object.entries(stateShapes[table].fields as Record<string, FieldType>)
    const names = fields.map(([field]) => column(field)).join(', ')
    const rows = await this.session.rows(`SELECT ${names} FROM ${table}`)
    return rows.map((cells) =>
      Object.fromEntries(
        fields.map(([field, type], i) => [field, fromCell(cells[i] ?? null, type)]),
      ),
    )
  }

  /** Writes all changes in one transaction, after every earlier call. `known` tells which rows there are. */
  commit(changes: readonly StateChange[], known: KnownRows): Promise<void> {
    return this.enqueue(async () => {
      for (const batch of batches(changes, known)) await this.apply(batch)
    })
  }

  appendAudit(rows: readonly AuditRow[]): Promise<void> {
    return this.enqueue(async () => {
      for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
        const slice = rows.slice(from, from + ROWS_PER_STATEMENT)
        await this.session.run(`INSERT INTO audit ${fromJson(AUDIT_FIELDS)}`, [
          toJson(slice, AUDIT_FIELDS),
        ])
      }
    })
  }

  /** Drops audit rows older than `before`. */
  pruneAudit(before: string): Promise<void> {
    return this.enqueue(() => this.session.run('DELETE FROM audit WHERE logged_at < ?', [before]))
  }

  /** Newest first, at most `limit` of those after `place`; `next` where there are more. */
  async audit(
    limit: number,
    filter: {place?: AuditPlace | undefined; since?: string | null; userId?: string | null} = {},
  ): Promise<{rows: AuditRow[]; next: AuditPlace | null}> {
    await this.queue
    const {place, since = null, userId = null} = filter
    const names = Object.keys(AUDIT_FIELDS).map(auditColumn).join(', ')
    const rows = await this.session.rows(
      `SELECT ${names}, rowid::VARCHAR FROM audit
      WHERE (?::VARCHAR IS NULL OR (logged_at, rowid) < (?::VARCHAR, ?::BIGINT))
      AND (?::VARCHAR IS NULL OR logged_at >= ?) AND (?::VARCHAR IS NULL OR user_id = ?)
      ORDER BY logged_at DESC, rowid DESC LIMIT ?`,
      [
        ...[place?.at ?? null, place?.at ?? null, place?.id ?? null],
        ...[since, since, userId, userId],
        limit + 1,
      ],
    )
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      rows: page.map(toAuditRow),
      next: rows.length > limit && last ? {at: String(last[0]), id: String(last.at(-1))} : null,
    }
  }

  async close(): Promise<void> {
    await this.queue
    await this.session.close()
  }

  private enqueue<T>(work: () => Promise<T>): Promise<void> {
    const done = this.queue.then(() => this.inTransaction(work))
    this.queue = done.catch(() => undefined)
    return done
  }

  private async inTransaction<T>(work: () => Promise<T>): Promise<void> {
    await this.session.run('BEGIN')
    try {
      await work()
      await this.session.run('COMMIT')
    } catch (error) {
      await this.session.run('ROLLBACK')
      throw error
    }
  }

  private async apply(batch: Batch): Promise<void> {
    const {key, fields} = stateShapes[batch.table]
    if (batch.kind !== 'drop') {
      // To look for a row that may be there takes the engine longer than to write it.
      const insert = batch.kind === 'add' ? 'INSERT' : 'INSERT OR REPLACE'
      const rows = toJson(batch.rows, fields)
      await this.session.run(`${insert} INTO ${batch.table} ${fromJson(fields)}`, [rows])
      return
    }
    const keyFields = Object.fromEntries(key.map((field) => [field, 'VARCHAR'] as const))
    const keys = toJson(batch.rows, keyFields)
    const columns = key.map(column).join(', ')
    const wanted = key.map((field) => `"${field}"`).join(', ')
    await this.session.run(
      `DELETE FROM ${batch.table} WHERE (${columns}) IN (SELECT (${wanted}) FROM (${fromJson(keyFields)}))`,
      [keys],
    )
  }
}

interface KnownRows {
  has(table: StateTable, key: readonly string[]): boolean
}

interface Batch {
  /** `add` what is not there yet. */
  kind: 'add' | 'put' | 'drop'
  table: StateTable
  /** For `drop` only their key fields. */
  rows: object[]
}

/**
 * A commit happens at once, so that of several changes of one row the last one counts, and the order of
 * the others does not: all rows of a table travel in as few statements as there can be.
 */
function batches(changes: readonly StateChange[], known: KnownRows): Batch[] {
  const last = new Map<string, Pick<Batch, 'kind' | 'table'> & {row: object}>()
  for (const change of changes) {
    const table = 'put' in change ? change.put : change.drop
    const key = 'put' in change ? rowKey(table, change.row) : change.key
    const kind = 'drop' in change ? 'drop' : known.has(table, key) ? 'put' : 'add'
    const row = 'put' in change ? change.row : keyOf(table, change.key)
    last.set([table, ...key].join('\u0000'), {kind, table, row})
  }
  const gathered = new Map<string, Batch>()
  const full: Batch[] = []
  for (const {kind, table, row} of last.values()) {
    const name = `${kind} ${table}`
    const batch = gathered.get(name) ?? {kind, table, rows: []}
    batch.rows.push(row)
    if (batch.rows.length >= ROWS_PER_STATEMENT) full.push(batch)
    if (batch.rows.length >= ROWS_PER_STATEMENT) gathered.delete(name)
    else gathered.set(name, batch)
  }
  return [...full, ...gathered.values()]
}

function keyOf(table: StateTable, values: readonly string[]): object {
  return Object.fromEntries(stateShapes[table].key.map((field, i) => [field, values[i]]))
}

async function prepare(session: WarehouseSession, path: string): Promise<void> {
  await session.run('CREATE TABLE IF NOT EXISTS server_schema (version INTEGER NOT NULL)')
  const [row] = await session.rows('SELECT max(version) FROM server_schema')
  const found = row?.[0] ?? null
  if (found !== null && Number(found) > SCHEMA_VERSION)
    throw new IntegrityError(`${path} was written by a newer agnes (schema ${Number(found)}).`, {
      code: 'state_too_new',
      hint: `This version understands schema ${SCHEMA_VERSION}. Update agnes, or serve another folder.`,
      details: {path, found: Number(found), supported: SCHEMA_VERSION},
    })
  if (found !== null && Number(found) === SCHEMA_VERSION) return
  for (const table of TABLES) await session.run(createSql(table))
  const columns = Object.entries(AUDIT_FIELDS).map(([name, type]) => `${auditColumn(name)} ${type}`)
  await session.run(`CREATE TABLE IF NOT EXISTS audit (${columns.join(', ')})`)
  if (found !== null) await addColumns(session)
  await session.run('INSERT INTO server_schema VALUES (?)', [SCHEMA_VERSION])
}

/** What a newer schema has more of; rows written before have nothing there. */
async function addColumns(session: WarehouseSession): Promise<void> {
  const add = (table: string, name: string, type: string) =>
    session.run(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${name} ${type}`)
  for (const table of TABLES)
    for (const [field, type] of Object.entries(stateShapes[table].fields as Fields))
      await add(table, column(field), sqlType(type))
  for (const [field, type] of Object.entries(AUDIT_FIELDS))
    await add('audit', auditColumn(field), type)
}

function auditColumn(field: string): string {
  return field === 'at' ? 'logged_at' : column(field)
}

function toAuditRow(cells: readonly Cell[]): AuditRow {
  const [at, requestId, userId, email, ip, method, path, status, detail] = cells
  return {
    at: at as string,
    requestId: requestId as string,
    userId: userId as string | null,
    email: email as string | null,
    ip: ip as string,
    method: method as string,
    path: path as string,
    status: Number(status),
    detail: detail as string | null,
  }
}

function createSql(table: StateTable): string {
  const {key, fields} = stateShapes[table]
  const columns = Object.entries(fields as Record<string, FieldType>).map(
    ([field, type]) => `${column(field)} ${sqlType(type)}`,
  )
  const primaryKey = `PRIMARY KEY (${key.map(column).join(', ')})`
  return `CREATE TABLE IF NOT EXISTS ${table} (${[...columns, primaryKey].join(', ')})`
}

/** `passwordHash` is the column `password_hash`; names come from `stateShapes` only. */
function column(field: string): string {
  return `"${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`
}

/** All rows of a batch travel as one JSON text: a thousand placeholders take the engine longer to parse. */
function fromJson(fields: Fields): string {
  const shape = JSON.stringify([
    Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, sqlType(type)])),
  ])
  return `SELECT unnest(from_json(?, '${shape}'), recursive := true)`
}

/** Fields in the order of the columns; documents as text inside the text. */
function toJson(rows: readonly object[], fields: Fields): string {
  const entries = Object.entries(fields)
  return JSON.stringify(
    rows.map((row) =>
      Object.fromEntries(
        entries.map(([field, type]) => {
          const value = (row as Record<string, unknown>)[field] ?? null
          return [field, type === 'JSON' && value !== null ? JSON.stringify(value) : value]
        }),
      ),
    ),
  )
}

function sqlType(type: Fields[string]): string {
  return type === 'JSON' ? 'VARCHAR' : type
}

function fromCell(cell: Cell, type: FieldType): unknown {
  return type === 'JSON' && typeof cell === 'string' ? JSON.parse(cell) : cell
}
