import {execFile} from 'node:child_process'
import {existsSync} from 'node:fs'
import {chmod, mkdir, mkdtemp, rename, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, delimiter, dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {onTestFinished} from 'vitest'
import {untilAllHaveLeft} from './left-processes.js'
import {spawnProcess} from './spawn-node.js'
import {removeFolder} from './temp-dir.js'

/**
 * The last version that is one program for Node and has no binary of its own for each platform
 * (docs/decisions/0913-the-real-client.md).
 */
const CLIENT = '@anthropic-ai/claude-code@2.1.112'
const PROGRAM = 'node_modules/@anthropic-ai/claude-code/cli.js'
const run = promisify(execFile)

/** The real client, as npm brings it. */
export interface ClaudeCode {
  /** The path of its program. */
  program: string
  /** Once the tests that use it are over. */
  remove(): Promise<void>
}

/** Installs it, once for all that is told to keep it in the same folder by `AGNES_TEST_CLIENTS`. */
export async function installClaudeCode(): Promise<ClaudeCode> {
  const keep = process.env.AGNES_TEST_CLIENTS
  const folder = await mkdtemp(join(keep ?? tmpdir(), 'agnes-test-client-'))
  const remove = () => removeFolder(folder)
  if (keep === undefined) {
    await install(folder)
    return {program: join(folder, PROGRAM), remove}
  }
  const kept = join(keep, basename(CLIENT))
  if (!existsSync(kept)) {
    await install(folder)
    // Another file may have been faster.
    await rename(folder, kept).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  }
  await remove()
  return {program: join(kept, PROGRAM), remove: async () => {}}
}

async function install(folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{"private": true}\n')
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']
  await run('npm', ['install', ...flags, '--prefer-offline', CLIENT], {cwd: folder})
}

export interface ClaudeOutcome {
  exitCode: number | null
  stdout: string
  stderr: string
  /** From start to exit. */
  tookMs: number
}

/** A home folder of its own with `claude` and `agnes` on PATH, and nothing else of this machine's. */
export async function claudeHome(
  home: string,
  {claude, agnes, apiUrl}: {claude: string; agnes: string; apiUrl: string},
) {
  // After the client, the push of its session end still works in there.
  onTestFinished(() => untilAllHaveLeft(home), 90_000)
  const bin = join(home, 'bin')
  await mkdir(bin, {recursive: true})
  // Its 13 MB are compiled once, by a Node that can keep that; what it runs starts as it does for anybody,
  // on the Node of the tests.
  const isKept = `NODE_COMPILE_CACHE="${dirname(claude)}/.compiled"`
  const clientNode = process.env.AGNES_TEST_CLIENT_NODE ?? process.execPath
  for (const [name, script, words] of [
    ['claude', claude, `${isKept} "${clientNode}"`],
    ['agnes', agnes, `-u NODE_COMPILE_CACHE "${process.execPath}"`],
  ] as const) {
    const line = `exec env ${words} "${script}" "$@"`
    await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`)
    await chmod(join(bin, name), 0o755)
  }
  const env = {
    HOME: home,
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    ANTHROPIC_API_KEY: 'sk-ant-not-a-key',
    ANTHROPIC_BASE_URL: apiUrl,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
  }
  const start = async (program: string, cwd: string, args: readonly string[], stdin?: string) => {
    const started = performance.now()
    const options = {env, cwd, ...(stdin === undefined ? {} : {stdin})}
    const outcome = await spawnProcess(join(bin, program), args, options).ended
    return {...outcome, tookMs: performance.now() - started}
  }
  return {
    env,
    /** `claude …` */
    claude: (cwd: string, ...args: string[]): Promise<ClaudeOutcome> => start('claude', cwd, args),
    /** `agnes …` */
    agnes: (cwd: string, args: string[], stdin?: string): Promise<ClaudeOutcome> =>
      start('agnes', cwd, args, stdin),
  }
}
