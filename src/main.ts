import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/**
 * Entry of the binary. The version is answered before anything else is loaded: it is asked for often
 * and costs a tenth that way.
 */
export async function main(entryUrl: string, argv: string[]): Promise<void> {
  const root = fileURLToPath(new URL('..', entryUrl))
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    const {version} = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {version: string}
    process.stdout.write(`agnes-cli/${version}\n`)
    return
  }
  const {runCli} = await import('./lib/run-cli.js')
  await runCli(root, argv)
}
