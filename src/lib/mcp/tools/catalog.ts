import {z} from 'zod/mini'
import {listTables, type CatalogTable} from '../../discovery/list-tables.js'
import {openDiscovery} from '../../discovery/open-discovery.js'
import {answerSchema, argument} from '../arguments.js'
import {defineTool} from '../tool.js'

export const catalog = defineTool({
  name: 'catalog',
  description: 'List the tables you may ask, and whether each is on this computer. Start here.',
  input: z.strictObject({
    search: z.optional(argument.name()),
    mode: z.optional(z.enum(['local', 'remote', 'materialized'])),
    limit: z._default(argument.count(1000), 100),
    offset: z._default(z.int().check(z.minimum(0)), 0),
  }),
  output: answerSchema('total:integer tables:array notes:array leftOut?:object'),
  lists: ['tables'],
  narrow: 'Use search or mode, or a smaller limit with offset.',
  async run({search, mode, limit, offset}, {around, workspace}, signal) {
    const discovery = await openDiscovery({workspace}, around)
    const list = await listTables({search, mode}, discovery, signal)
    const tables = list.tables.slice(offset, offset + limit).map(briefly)
    const rest = list.tables.length - offset - tables.length
    return {
      answer: {
        server: list.server,
        saidAt: list.cached?.fetchedAt ?? list.checkedAt,
        isRemembered: list.cached !== null,
        total: list.tables.length,
        ...(rest > 0 ? {leftOut: {tables: rest}} : {}),
        tables,
        notes: discovery.notices,
      },
    }
  },
})

function briefly(table: CatalogTable) {
  const {id, name, description, queryMode, local, notLocalBecause} = table
  const {partitionBy, rows, sizeBytes} = table
  return {
    ...{id, name, description, mode: queryMode},
    /** Which scope of `query` reads it. */
    scope: local === null ? 'remote' : 'local',
    ...(local === null
      ? {notHereBecause: notLocalBecause ?? (queryMode === 'remote' ? 'remote' : 'not_pulled')}
      : {pulledAt: local.installedAt}),
    rows: local?.rows ?? rows,
    sizeBytes: local?.sizeBytes ?? sizeBytes,
    ...(partitionBy === null ? {} : {partitionBy}),
  }
}
