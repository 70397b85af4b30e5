import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {Config, type Command} from '@oclif/core'
import {readEnv, type EnvSource} from '../../src/lib/config/env.js'
import {withOverrides, type ContextOverrides} from '../../src/lib/context.js'
import {memoryStreams} from './memory-streams.js'

export const repositoryRoot = join(import.meta.dirname, '../..')

export interface RunOptions extends Omit<ContextOverrides, 'env' | 'streams' | 'setExitCode'> {
  tty?: boolean
  stdin?: string
  /** The whole environment: nothing is inherited, so give at least AGNES_CONFIG_DIR or HOME. */
  env: EnvSource
}

export interface RunOutcome {
  stdout: string
  stdoutBytes: Buffer
  stderr: string
  exitCode: number
  /** stdout parsed as JSON; throws when it is not one document. */
  readonly json: any
}

/**
 * Runs a command in this process with its own streams, environment and folder.
 * @example await runCli(['snapshot', 'list', '--json'], {env: {HOME: home}})
 */
export async function runCli(argv: string[], options: RunOptions): Promise<RunOutcome> {
  const {command, rest} = await loadCommand(argv)
  const config = await loadConfig()
  const {tty, stdin, env, ...others} = options
  const streams = memoryStreams({
    ...(tty === undefined ? {} : {tty}),
    ...(stdin === undefined ? {} : {stdin}),
  })
  let exitCode = 0
  await withOverrides(
    {
      ...others,
      env: readEnv({AGNES_NO_KEYCHAIN: '1', ...env}),
      streams,
      setExitCode: (code) => void (exitCode = code),
    },
    async () => command.run(rest, config),
  )
  return {
    stdout: streams.out.text,
    stdoutBytes: streams.out.bytes,
    stderr: streams.err.text,
    exitCode,
    get json() {
      return JSON.parse(streams.out.text)
    },
  }
}

let config: Promise<Config> | undefined
function loadConfig(): Promise<Config> {
  return (config ??= Config.load({root: repositoryRoot}))
}

/** The longest leading run of words that names a file below src/commands. */
async function loadCommand(argv: string[]): Promise<{command: Command.Class; rest: string[]}> {
  for (let words = argv.length; words > 0; words--) {
    const path = join(repositoryRoot, 'src/commands', ...argv.slice(0, words)) + '.ts'
    if (!existsSync(path)) continue
    const module = (await import(pathToFileURL(path).href)) as {default: Command.Class}
    return {command: module.default, rest: argv.slice(words)}
  }
  throw new Error(`no command in: ${argv.join(' ')}`)
}
