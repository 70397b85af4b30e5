import {createServer, type AgnesServer, type ServerDeps} from './create-server.js'
import type {Files} from '../lib/ports/files.js'
import {createDemoData} from './data/create-demo-data.js'
import {openDataStore} from './data/open-data-store.js'
import {withBigQuery} from './engine/bigquery-engine.js'
import {
  createParser,
  createQueryEngine,
  DEFAULT_LIMITS,
  type EngineLimits,
} from './engine/query-engine.js'
import type {OpenRemoteEngine} from '../lib/ports/remote-engine.js'
import type {OpenedDataStore} from './data/open-data-store.js'
import type {QueryEngine} from './model.js'

export interface FolderServerDeps extends Omit<ServerDeps, 'openData'> {
  /** Reads the environment variable that an extract's `token_env` names. */
  secret(name: string): string | undefined
  /** Cost cap and others of the engine; its defaults otherwise. */
  limits?: Partial<EngineLimits>
  /** For remote tables in BigQuery. */
  openBigQuery: OpenRemoteEngine
  /** Makes the demo company first. */
  demo?: {scale: number; seed: number; templates: Files} | undefined
}

/** The server over a folder of extracts or plain data files, with the real store and engine. */
export function openFolderServer(deps: FolderServerDeps): AgnesServer {
  return createServer({
    ...deps,
    async openData(signal) {
      const demo = deps.demo && (await createDemoData(deps.demo, {...deps, ...deps.demo}, signal))
      const store = await openDataStore(deps, signal)
      return {store, engine: openEngine(deps, store), ...(demo ? {demo} : {})}
    },
  })
}

function openEngine(deps: FolderServerDeps, store: OpenedDataStore): QueryEngine {
  const local = createQueryEngine({...deps, store})
  const parser = createParser(deps.warehouse)
  const {clock, openBigQuery} = deps
  const limits = {...DEFAULT_LIMITS, ...deps.limits}
  const engine = withBigQuery(local, {parse: parser.parse, store, clock, limits, openBigQuery})
  return {
    ...engine,
    async close() {
      await parser.close()
      await local.close()
    },
  }
}
