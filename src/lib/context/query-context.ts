import {NodeFiles} from '../adapters/node-files.js'
import {ownProcess} from '../adapters/own-process.js'
import {processStreams} from '../adapters/process-streams.js'
import {systemRandom} from '../adapters/system-random.js'
import {unixControlSocket} from '../adapters/unix-control-socket.js'
import {warmQueryClient} from '../adapters/warm-query-client.js'
import {queryVariables, readEnv, surroundings} from '../config/env.js'
import {configDirectory, currentDirectory, runtimeDirectory} from '../config/paths.js'
import {packageVersion} from './package-version.js'

/** The smallest composition root: what it takes to have a query answered by another process. */
export function createQueryContext() {
  const env = readEnv()
  const config = new NodeFiles(configDirectory(env), systemRandom)
  const fallback = () => runtimeDirectory(env)
  return {
    env,
    streams: processStreams(env.noColor),
    controlSocket: unixControlSocket(config.root, fallback),
    engine: warmQueryClient(config.root, fallback),
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
