import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/**
 * Entry of the binary. The version, the status line, what Claude Code's hooks run and a pull with nothing to do are answered
 * without the command line's own machinery: they are asked for often, and somebody waits.
 */
export async function main(entryUrl: string, argv: string[]): Promise<void> {
  const root = fileURLToPath(new URL('..', entryUrl))
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    const {version} = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {version: string}
    process.stdout.write(`agnes-cli/${version}\n`)
    return
  }
  const hook = hookLine(argv)
  if (hook) {
    const {answerHook} = await import('./lib/run-hook.js')
    if (await answerHook(hook)) return
  }
  if (argv[0] === 'pull') {
    const {answerPull} = await import('./lib/run-pull.js')
    if (await answerPull(argv.slice(1))) return
  }
  if (argv[0] === 'query') {
    const {answerQuery} = await import('./lib/run-query.js')
    if (await answerQuery(argv.slice(1))) return
  }
  const {runCli} = await import('./lib/run-cli.js')
  await runCli(root, argv)
}

/** The command lines that hooks have, word for word; everything else is for people. */
function hookLine(argv: string[]): 'pull' | 'push' | 'statusline' | undefined {
  const line = argv.join(' ')
  if (line === 'statusline') return 'statusline'
  return line === 'pull --quiet' ? 'pull' : line === 'push --quiet' ? 'push' : undefined
}
