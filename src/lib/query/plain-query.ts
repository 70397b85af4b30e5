const WITH_VALUE = new Set(['--sql', '--file', '--format', '--limit', '--workspace', '-f'])
const ALONE = new Set(['--json', '--stdin'])

/**
 * Whether the words after `agnes query` are no more than a statement, its form and its place, which a warm
 * engine may answer. Everything else, known or not, is for the process that was told to: it writes its
 * own files and asks servers itself. Wrong values are no matter here: the command refuses them.
 */
export function plainQuery(argv: readonly string[]): {readsStdin: boolean} | null {
  let readsStdin = false
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    if (word === '--') break
    if (!word.startsWith('-')) continue
    const [name] = word.split('=', 1) as [string]
    if (WITH_VALUE.has(name)) at += name === word ? 1 : 0
    else if (!ALONE.has(word)) return null
    readsStdin ||= word === '--stdin'
  }
  return {readsStdin}
}
