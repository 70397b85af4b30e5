import {DuckDbWarehouse} from '../adapters/duckdb-warehouse.js'
import {SpareInstance} from '../adapters/duckdb-spare.js'
import {ownProcess} from '../adapters/own-process.js'
import {socketPath} from '../adapters/private-socket.js'
import {ENGINE_SOCKET} from '../adapters/warm-query-client.js'
import {listenForQueries} from '../adapters/warm-query-listener.js'
import {readEnv, surroundings, type Env} from '../config/env.js'
import {currentDirectory, enterDirectory, runtimeDirectory} from '../config/paths.js'
import {UnexpectedError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {WarmCall, WarmListener} from '../ports/query-engine.js'
import type {Streams} from '../ports/streams.js'
import type {Warehouse} from '../ports/warehouse.js'

/** Runs queries of other processes in this one, each as if it were a process of its own. */
export interface QueryEngine {
  /** @param run the command `agnes query` on these words; everything it asks the context for is replaced */
  listen(run: (argv: string[]) => Promise<void>): Promise<WarmListener>
}

interface Replaced {
  env: Env
  streams: Streams
  currentDir: string
  stop: AbortSignal
  warehouse: Warehouse
  setExitCode(code: number): void
  remoteSide: Record<'serverOrigin' | 'http' | 'openBigQuery', () => Promise<never>>
}

export interface QueryEngineDeps {
  config: Files
  env: Env
  version: string
  /** Runs work with parts of the composition root replaced. */
  within(replaced: Replaced, work: () => Promise<void>): Promise<void>
}

export function openQueryEngine({config, env, version, within}: QueryEngineDeps): QueryEngine {
  const path = socketPath(config.root, runtimeDirectory(env), ENGINE_SOCKET)
  const home = currentDirectory()
  return {
    async listen(run) {
      const spare = new SpareInstance()
      const warehouse = new DuckDbWarehouse(spare.create)
      await warmUp(warehouse, env)
      spare.prepare()
      return listenForQueries({path, version}, async (call) => {
        const leave = becomeAsker(call, home)
        if (!leave) return 0
        try {
          return await runOne(call, {warehouse, run, within})
        } finally {
          leave()
          spare.prepare()
        }
      })
    },
  }
}

async function runOne(
  {request, streams, stop, giveBack}: WarmCall,
  {
    warehouse,
    run,
    within,
  }: {warehouse: Warehouse; run: (argv: string[]) => Promise<void>} & Pick<
    QueryEngineDeps,
    'within'
  >,
): Promise<number> {
  let exitCode = 0
  const elsewhere = async () => {
    giveBack()
    throw new UnexpectedError('Servers are asked by the process of whoever wants their answer.')
  }
  const replaced = {
    ...{streams, stop, warehouse},
    env: readEnv(request.variables),
    currentDir: request.folder,
    setExitCode: (code: number) => void (exitCode = code),
    remoteSide: {serverOrigin: elsewhere, http: elsewhere, openBigQuery: elsewhere},
  }
  await within(replaced, () => run(request.argv))
  return exitCode
}

/**
 * Takes the working folder and file mode of whoever asks; returns the way back. What cannot be taken over
 * gives the query back.
 */
function becomeAsker({request, giveBack}: WarmCall, home: string): (() => void) | undefined {
  const isAlike = Object.entries(surroundings()).every(
    ([name, value]) => request.surroundings[name] === value,
  )
  if (!isAlike || !entered(request)) {
    enterDirectory(home)
    giveBack()
    return undefined
  }
  const mask = process.umask(request.umask)
  return () => {
    process.umask(mask)
    enterDirectory(home)
  }
}

/** False where the folder is gone, or is another one in the asker's eyes. */
function entered({folder, folderMarks}: WarmCall['request']): boolean {
  try {
    enterDirectory(folder)
    return currentDirectory() === folder && ownProcess.folderMarks() === folderMarks
  } catch {
    // The asker finds out by itself what is wrong, and says so.
    return false
  }
}

/** Loads the engine, and tells the spare what an ordinary query asks for. */
async function warmUp(warehouse: Warehouse, env: Env): Promise<void> {
  const session = await warehouse.open({
    path: ':memory:',
    access: 'write',
    memoryLimitMb: env.queryMemoryMb,
    ...(env.queryThreads === undefined ? {} : {threads: env.queryThreads}),
  })
  await session.close()
}
