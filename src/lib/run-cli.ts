import {flush, run} from '@oclif/core'
import {fromOclif} from './base-command.js'
import {createContext} from './context.js'
import {toErrorDocument} from './errors.js'
import {errorText} from './present/error-text.js'

/** Hands argv to oclif; what fails before a command is running (an unknown command) is reported like the rest. */
export async function runCli(root: string, argv: string[]): Promise<void> {
  try {
    await run(argv, root)
  } catch (error) {
    if ((error as {code?: string}).code === 'EEXIT') return
    const {streams, env, setExitCode} = createContext()
    const failure = fromOclif(error)
    setExitCode(failure.exitCode)
    if (argv.includes('--json')) await streams.out.write(JSON.stringify(toErrorDocument(failure), null, 2) + '\n')
    else await streams.err.write(errorText(failure, streams.err, env.debug))
  }
  await flush()
}
