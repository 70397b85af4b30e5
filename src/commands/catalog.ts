import {Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {browseCatalog} from '../lib/discovery/browse-catalog.js'
import type {TableList} from '../lib/discovery/list-tables.js'
import {openDiscovery} from '../lib/discovery/open-discovery.js'
import type {MetricList, OneMetric} from '../lib/metrics/read-business-metrics.js'
import {browseText} from '../lib/present/browse-text.js'
import {notesOn} from '../lib/present/cached-note.js'

/** `kind` tells which: `tables`, `metrics` or `metric`. Fields are described at each. */
export type CatalogResult = TableList | MetricList | OneMetric

export default class Catalog extends BaseCommand<CatalogResult> {
  static override summary = 'List the tables and metrics the server has for you'
  static override description =
    'Joins what the server lists with what is on this computer, and names the command that answers ' +
    'questions about each table. Where the server cannot be reached, what it said last is shown with its ' +
    'age. Works without a workspace once a server is known.'
  static override examples = [
    '<%= config.bin %> catalog',
    '<%= config.bin %> catalog --search order --json',
    '<%= config.bin %> catalog --mode remote',
    '<%= config.bin %> catalog --metrics',
    '<%= config.bin %> catalog --show revenue/mrr',
  ]
  static override flags = {
    ...serverFlag,
    search: Flags.string({
      summary: 'Only what mentions this in its id, name or description',
      helpValue: 'WORD',
    }),
    mode: Flags.option({
      options: ['local', 'remote', 'materialized'] as const,
      summary: 'Only tables of this mode',
      exclusive: ['metrics', 'show'],
    })(),
    metrics: Flags.boolean({summary: 'List business metrics instead of tables'}),
    show: Flags.string({
      summary: 'Show all of one metric',
      helpValue: 'ID',
      exclusive: ['search'],
    }),
    offline: Flags.boolean({summary: 'Do not ask the server; show what it said last'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<CatalogResult> {
    const {flags} = await this.parse(Catalog)
    const options = {workspace: flags.workspace, isOffline: flags.offline}
    const discovery = await openDiscovery(options, this.context)
    const request = {...flags, wantsMetrics: flags.metrics, metric: flags.show}
    const result = await browseCatalog(request, discovery, this.signal)
    for (const note of notesOn(result, discovery.notices)) this.addWarning(note)
    await this.present(result, browseText)
    return result
  }
}
