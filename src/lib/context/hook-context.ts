import {join} from 'node:path'
import {FileLock} from '../adapters/file-lock.js'
import {NodeFiles} from '../adapters/node-files.js'
import {nodeFolders} from '../adapters/node-folders.js'
import {ownProcess} from '../adapters/own-process.js'
import {processStreams} from '../adapters/process-streams.js'
import {stderrLogger} from '../adapters/stderr-logger.js'
import {systemClock} from '../adapters/system-clock.js'
import {guessableRandom} from '../adapters/system-random.js'
import {readEnv} from '../config/env.js'
import {
  configDirectory,
  currentDirectory,
  runtimeDirectory,
  workspacePaths,
} from '../config/paths.js'
import {packageVersion} from './package-version.js'
import {openStoredAccess} from './stored-access.js'
import {findFrom, looksLikeWorkspace} from './workspaces.js'

/**
 * The small composition root: what a hook or a pull takes to find out that nothing is to do. It is bundled
 * into one file with `run-idle.ts`; what more is needed comes from `context.ts`, through `full`.
 */
export function createHookContext() {
  const env = readEnv()
  const clock = systemClock
  const streams = processStreams(env.noColor)
  const config = new NodeFiles(configDirectory(env), guessableRandom)
  const {secrets, serverOrigin, probe} = openStoredAccess({
    env,
    clock,
    config,
    version: packageVersion,
  })
  return {
    get currentDir() {
      return currentDirectory()
    },
    ...{env, clock, streams, config, secrets, serverOrigin, probe},
    ...ownProcess,
    logger: stderrLogger(streams.err, clock, env.debug),
    folders: nodeFolders,
    isWorkspace: looksLikeWorkspace,
    filesAt: (root: string) => new NodeFiles(root, guessableRandom),
    pullLock: (root: string) => new FileLock(join(root, workspacePaths.pullLock), clock),
    findWorkspace: (flag: string | undefined) =>
      findFrom({env, config, currentDir: currentDirectory()}, flag),
    background: async () => (await import('../adapters/detached-process.js')).detachedProcess(),
    async controlSocket() {
      const {unixControlSocket} = await import('../adapters/unix-control-socket.js')
      return unixControlSocket(config.root, () => runtimeDirectory(env))
    },
    async full() {
      const {createContext} = await import('../context.js')
      return createContext()
    },
  }
}
