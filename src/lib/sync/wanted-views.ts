import {createHash} from 'node:crypto'
import type {WantedView} from '../catalog/plan-views.js'
import {tableSource} from '../catalog/table-source.js'
import type {Files} from '../ports/files.js'
import type {SyncState} from './state-model.js'

/** One view per installed table. The fingerprint moves with the definition and with the published bytes. */
export function wantedViews(files: Files, state: SyncState): WantedView[] {
  return [...state.tables.values()].map((table) => {
    const query = `SELECT * FROM ${tableSource(table, (path) => files.absolute(path))}`
    const facts = `${query}\n${table.hash || table.updated}`
    return {
      name: table.name,
      query,
      fingerprint: createHash('md5').update(facts).digest('hex').slice(0, 16),
    }
  })
}
