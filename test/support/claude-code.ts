import {execFile} from 'node:child_process'
import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {delimiter, dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {onTestFinished} from 'vitest'
import {untilAllHaveLeft} from './left-processes.js'
import {spawnProcess} from './spawn-node.js'

/**
 * The last version that is one program for Node and has no binary of its own for each platform
 * (docs/decisions/0913-the-real-client.md).
 */
const CLIENT = '@anthropic-ai/claude-code@2.1.112'
const run = promisify(execFile)

/** Installs the real client into `folder` with npm; the path of its program. */
export async function installClaudeCode(folder: string): Promise<string> {
  await writeFile(join(folder, 'package.json'), '{"private": true}\n')
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']
  await run('npm', ['install', ...flags, '--prefer-offline', CLIENT], {cwd: folder})
  return join(folder, 'node_modules/@anthropic-ai/claude-code/cli.js')
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
  onTestFinished(() => untilAllHaveLeft(home), 30_000)
  const bin = join(home, 'bin')
  await mkdir(bin, {recursive: true})
  for (const [name, script] of Object.entries({claude, agnes})) {
    await writeFile(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`)
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
