import {existsSync, writeSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {fromOclif, type BaseCommand} from './base-command.js'
import {createContext} from './context.js'
import {toErrorDocument} from './errors.js'
import {errorText} from './present/error-text.js'

type CommandClass = typeof BaseCommand
const WORD = /^[a-z][a-z0-9-]*$/

/**
 * From argv to a running command. The usual case finds the command's file by its words and runs it
 * without oclif's discovery, which costs 60 ms; help, aliases and what is unknown go to explain-cli.
 */
export async function runCli(root: string, argv: string[]): Promise<void> {
  process.on('uncaughtException', (error) => crash(error, argv))
  try {
    const words = commandWords(root, argv)
    if (words > 0 && !asksForHelp(argv))
      return await runCommand(root, argv.slice(0, words), argv.slice(words))
    const {explainCli} = await import('./explain-cli.js')
    const instead = await explainCli(root, argv)
    if (instead) await runCommand(root, instead.words, instead.rest)
  } catch (error) {
    const {streams, env, setExitCode} = createContext()
    const failure = fromOclif(error)
    setExitCode(failure.exitCode)
    if (asksForJson(argv))
      await streams.out.write(JSON.stringify(toErrorDocument(failure), null, 2) + '\n')
    else await streams.err.write(errorText(failure, streams.err, env.debug))
  }
}

async function runCommand(root: string, words: string[], rest: string[]): Promise<void> {
  await (await loadCommand(root, words)).launch(words, rest)
}

/** @param root of the package; @param words of a command that is there */
export async function loadCommand(root: string, words: string[]): Promise<CommandClass> {
  const {default: command} = createRequire(root)(commandFile(root, words)) as {
    default: CommandClass
  }
  return command
}

/** How many leading words of argv name a command; the longest name wins. */
function commandWords(root: string, argv: string[]): number {
  const end = argv.findIndex((word) => !WORD.test(word))
  for (let words = end === -1 ? argv.length : end; words > 0; words--)
    if (words <= 3 && existsSync(commandFile(root, argv.slice(0, words)))) return words
  return 0
}

function commandFile(root: string, words: string[]): string {
  return join(root, 'dist', 'commands', ...words) + '.js'
}

function asksForHelp(argv: string[]): boolean {
  return beforeDashes(argv).some((word) => word === '--help' || word === '-h')
}

function asksForJson(argv: string[]): boolean {
  return beforeDashes(argv).includes('--json')
}

function beforeDashes(argv: string[]): string[] {
  const end = argv.indexOf('--')
  return end === -1 ? argv : argv.slice(0, end)
}

/** A failure outside every promise we await: told in one line, never as a stack of bundled code. */
function crash(error: unknown, argv: string[]): void {
  // Help writes past our streams; a reader that left in the middle of it is no failure.
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit()
  const {streams, env} = createContext()
  const failure = fromOclif(error)
  if (asksForJson(argv)) writeSync(1, JSON.stringify(toErrorDocument(failure), null, 2) + '\n')
  else writeSync(2, errorText(failure, streams.err, env.debug))
  process.exit(failure.exitCode)
}
