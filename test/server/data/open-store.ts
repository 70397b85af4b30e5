import {copyFile, mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import type {Logger} from '../../../src/lib/ports/logger.js'
import {openDataStore, type DataStoreDeps} from '../../../src/server/data/open-data-store.js'
import {FakeClock} from '../../support/fake-clock.js'
import {repositoryRoot} from '../../support/run-cli.js'

export const vega = join(repositoryRoot, 'node_modules/vega-datasets/data')
export const warehouse = new DuckDbWarehouse()

export interface LogLine {
  event: string
  fields: Record<string, unknown>
}

export function memoryLogger(): Logger & {lines: LogLine[]} {
  const lines: LogLine[] = []
  const log = (event: string, fields: Record<string, unknown> = {}) =>
    void lines.push({event, fields})
  return {lines, debug: log, info: log, warn: log, error: log}
}

export function storeDeps(dir: string, secrets: Record<string, string> = {}) {
  const logger = memoryLogger()
  const deps: DataStoreDeps & {logger: typeof logger} = {
    files: new NodeFiles(dir, systemRandom),
    warehouse,
    logger,
    clock: new FakeClock(),
    random: systemRandom,
    secret: (name) => secrets[name],
  }
  return deps
}

export async function openStore(dir: string, secrets?: Record<string, string>) {
  const deps = storeDeps(dir, secrets)
  return {store: await openDataStore(deps), logger: deps.logger, deps}
}

/** Copies data sets of vega-datasets into `dir`, under other names where asked for. */
export async function copyVega(dir: string, names: Record<string, string>): Promise<void> {
  await mkdir(dir, {recursive: true})
  for (const [from, to] of Object.entries(names)) await copyFile(join(vega, from), join(dir, to))
}

export const META = `CREATE TABLE _meta (table_name VARCHAR, description VARCHAR, rows BIGINT,
  size_bytes BIGINT, extracted_at TIMESTAMP, query_mode VARCHAR)`
