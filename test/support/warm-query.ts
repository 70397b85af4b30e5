import {statSync} from 'node:fs'
import {onTestFinished} from 'vitest'
import Query from '../../src/commands/query.js'
import {warmQueryClient} from '../../src/lib/adapters/warm-query-client.js'
import {queryVariables, readEnv, surroundings, type EnvSource} from '../../src/lib/config/env.js'
import {createContext, withOverrides} from '../../src/lib/context.js'
import type {WarmListener} from '../../src/lib/ports/query-engine.js'
import type {StreamFacts} from '../../src/lib/ports/query-engine.js'
import {memoryStreams} from './memory-streams.js'
import {tempDir} from './temp-dir.js'

/** A busy computer decides nothing. */
export const PATIENCE_MS = 60_000

export interface WarmOptions {
  env: EnvSource
  /** Working folder. */
  folder: string
  /** Instead of its own. */
  marks?: string
  tty?: boolean
  stdin?: string
}

export interface WarmSide {
  listener: WarmListener
  /** The config folder, where its socket is. */
  config: string
  client: ReturnType<typeof warmQueryClient>
  version: string
  /** `agnes query <argv>` answered over the socket; `null` where it was given back. */
  query(
    argv: string[],
    options: WarmOptions,
  ): Promise<{stdout: Buffer; stderr: string; exitCode: number} | 'cold' | 'cut'>
}

/** The warm engine in this process, behind its real socket. */
export async function warmSide(): Promise<WarmSide> {
  const config = await tempDir()
  const env = readEnv({AGNES_CONFIG_DIR: config})
  const {listener, version} = await withOverrides({env}, async () => {
    const context = createContext()
    const engine = await context.queryEngine()
    const run = (argv: string[]) => Query.launch(['query'], argv)
    return {listener: await engine.listen(run), version: context.version}
  })
  onTestFinished(() => listener.close())
  const client = warmQueryClient(config, config, PATIENCE_MS)
  return {
    ...{listener, config, client, version},
    async query(argv, options) {
      const connection = await client.connect(version)
      if (typeof connection === 'string') throw new Error(`The engine is ${connection}.`)
      const streams = memoryStreams(options.tty === undefined ? {} : {tty: options.tty})
      try {
        const request = warmRequest(argv, options, streams)
        const outcome = await connection.ask(request, streams)
        if (typeof outcome === 'string') return outcome
        return {stdout: streams.out.bytes, stderr: streams.err.text, exitCode: outcome.exitCode}
      } finally {
        connection.close()
      }
    },
  }
}

const PIPE: StreamFacts = {isTty: false, hasColor: false, columns: 80}

export function warmRequest(
  argv: string[],
  {env, folder, marks, stdin = ''}: WarmOptions,
  {out, err}: {out: StreamFacts; err: StreamFacts} = {out: PIPE, err: PIPE},
) {
  const factsOf = ({isTty, hasColor, columns}: StreamFacts) => ({isTty, hasColor, columns})
  return {
    ...{argv, folder, stdin, folderMarks: marks ?? marksOf(folder)},
    variables: queryVariables({AGNES_NO_KEYCHAIN: '1', ...env}),
    surroundings: surroundings(),
    umask: 0o077,
    ...{out: factsOf(out), err: factsOf(err)},
  }
}

/** As the process that asks would say it of its working folder. */
function marksOf(folder: string): string {
  const mark = (path: string) => {
    const facts = statSync(path, {bigint: true, throwIfNoEntry: false})
    return `${facts?.dev}:${facts?.ino}`
  }
  return `${mark(folder)} ${mark('/')}`
}
