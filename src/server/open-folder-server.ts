import {createServer, type AgnesServer, type ServerDeps} from './create-server.js'
import type {Files} from '../lib/ports/files.js'
import {createDemoData} from './data/create-demo-data.js'
import {openDataStore} from './data/open-data-store.js'
import {createQueryEngine, type EngineLimits} from './engine/query-engine.js'

export interface FolderServerDeps extends Omit<ServerDeps, 'openData'> {
  /** Reads the environment variable that an extract's `token_env` names. */
  secret(name: string): string | undefined
  /** Cost cap and others of the engine; its defaults otherwise. */
  limits?: Partial<EngineLimits>
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
      return {store, engine: createQueryEngine({...deps, store}), ...(demo ? {demo} : {})}
    },
  })
}
