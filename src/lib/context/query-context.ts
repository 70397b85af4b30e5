import {resolve} from 'node:path'
import {ownProcess} from '../adapters/own-process.js'
import {processStreams} from '../adapters/process-streams.js'
import {unixControlSocket} from '../adapters/unix-control-socket.js'
import {warmQueryClient} from '../adapters/warm-query-client.js'
import {queryVariables, readEnv, surroundings} from '../config/env.js'
import {configDirectory, currentDirectory, runtimeDirectory} from '../config/paths.js'
import {packageVersion} from './package-version.js'

/** The smallest composition root: what it takes to have a query answered by another process. */
export function createQueryContext() {
  const env = readEnv()
  const config = resolve(configDirectory(env))
  const fallback = () => runtimeDirectory(env)
  return {
    env,
    streams: processStreams(env.noColor),
    controlSocket: unixControlSocket(config, fallback),
    engine: warmQueryClient(config, fallback),
    get version() {
      return packageVersion()
    },
    /** What this process has that the answering one has to have, too. */
    readPlace: () => ({
      folder: currentDirectory(),
      folderMarks: ownProcess.folderMarks(),
      variables: queryVariables(),
      surroundings: surroundings(),
      umask: ownProcess.umask(),
    }),
    ...ownProcess,
  }
}
