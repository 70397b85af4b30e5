import {answerHook} from './run-hook.js'
import {answerPull} from './run-pull.js'

/**
 * What is over soon where nothing is to do: the hooks, the status line and `agnes pull`. A file of its own
 * in the bundle. False where the command is to be run.
 */
export async function answerIdle(argv: readonly string[]): Promise<boolean> {
  const hook = hookLine(argv)
  if (hook && (await answerHook(hook))) return true
  return argv[0] === 'pull' && answerPull(argv.slice(1))
}

/** The command lines that hooks have, word for word; everything else is for people. */
function hookLine(argv: readonly string[]): 'pull' | 'push' | 'statusline' | undefined {
  const line = argv.join(' ')
  if (line === 'statusline') return 'statusline'
  return line === 'pull --quiet' ? 'pull' : line === 'push --quiet' ? 'push' : undefined
}
