import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

const IDLE = ['pull', 'push', 'statusline']

/**
 * Entry of the binary. The version, the status line, what Claude Code's hooks run, a pull with nothing to
 * do, and queries and MCP sessions that another process answers come without the command line's own
 * machinery: they are asked for often, and somebody waits.
 */
export async function main(entryUrl: string, argv: string[]): Promise<void> {
  const root = fileURLToPath(new URL('..', entryUrl))
  const [verb = '', ...rest] = argv
  if (rest.length === 0 && (verb === '--version' || verb === '-V')) {
    const {version} = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {version: string}
    process.stdout.write(`agnes-cli/${version}\n`)
    return
  }
  if (IDLE.includes(verb)) {
    const {answerIdle} = await import('./lib/run-idle.js')
    if (await answerIdle(argv)) return
  }
  if (verb === 'query') {
    const {answerQuery} = await import('./lib/run-query.js')
    if (await answerQuery(rest)) return
  }
  if (verb === 'mcp') {
    const {answerMcp} = await import('./lib/run-mcp.js')
    if (await answerMcp(rest)) return
  }
  const {runCli} = await import('./lib/run-cli.js')
  await runCli(root, argv)
}
