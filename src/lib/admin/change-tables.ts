import {UsageError} from '../errors.js'
import {changeEach, oneChange, type Change, type ChangeResult} from './changes.js'
import {findTable, namedTable, tableKind} from './find.js'
import type {TableFields} from './admin-api.js'
import type {Admin} from './open-admin.js'
import {resolveOne} from './resolve.js'
import {checkTableFields} from './table-fields.js'

export interface RegisterResult extends ChangeResult {
  /** With `--dry-run`: what the server says of the table; nothing was registered. */
  precheck: Record<string, unknown> | null
}

/** The table in the source is called as here unless `source_table` says otherwise. */
export async function registerTable(
  {api}: Admin,
  {fields, isDryRun}: {fields: TableFields & {name: string}; isDryRun: boolean},
  signal: AbortSignal,
): Promise<RegisterResult> {
  const sourceType = String(fields.source_type)
  const body = {
    query_mode: modeOf(sourceType, fields),
    bucket: '',
    source_table: fields.name,
    ...fields,
  }
  checkTableFields(body)
  if (isDryRun) return {changes: [], failed: [], precheck: await api.precheckTable(body, signal)}
  const {id, name} = await api.registerTable(body, signal)
  return {...oneChange(tableChange('registered', {id, name})), precheck: null}
}

/** What a table of this source is when nobody says. */
function modeOf(sourceType: string, fields: TableFields): string {
  if (fields.source_query !== undefined) return 'materialized'
  if (sourceType === 'bigquery') return 'remote'
  return ['databricks', 'snowflake'].includes(sourceType) ? 'materialized' : 'local'
}

export interface UpdateResult extends ChangeResult {
  /** Fields that changed, by their names on the wire. */
  updated: string[]
}

/** Only what is given changes; `cleared` fields lose their value. */
export async function updateTable(
  {api}: Admin,
  {
    reference,
    fields,
    cleared,
  }: {reference: string; fields: TableFields; cleared: readonly string[]},
  signal: AbortSignal,
): Promise<UpdateResult> {
  const empty = cleared.map((flag) => [flag.replaceAll('-', '_'), null] as const)
  const body = {...fields, ...Object.fromEntries(empty)}
  if (Object.keys(body).length === 0)
    throw new UsageError('Nothing to change is given.', {
      code: 'nothing_to_change',
      hint: 'See what can be changed: agnes admin table update --help',
    })
  checkTableFields(fields)
  const table = await findTable(api, {reference, isDestructive: true}, signal)
  const updated = await api.updateTable(table.id, body, signal)
  const change = tableChange('updated', table)
  return {...oneChange({...change, isNew: updated.length > 0}), updated}
}

/** One that names no table stops all of it; asks first. */
export async function unregisterTables(
  admin: Admin,
  references: readonly string[],
  signal: AbortSignal,
): Promise<ChangeResult> {
  const {api} = admin
  const tables = (await api.tables(signal)).map(namedTable)
  const find = (reference: string) =>
    resolveOne(reference, tables, tableKind, {isDestructive: true})
  const listed = references.map(find).map(({id, name}) => (id === name ? id : `${name} (${id})`))
  await admin.confirm(`Withdraw table ${listed.join(', ')} from everybody`, signal)
  const withdraw = async (reference: string) => {
    const table = find(reference)
    await api.unregisterTable(table.id, signal)
    return tableChange('unregistered', table)
  }
  return changeEach(references, withdraw, signal)
}

function tableChange(action: string, {id, name}: {id: string; name: string}): Change {
  return {action, kind: 'table', id, name, group: null, isNew: true}
}
