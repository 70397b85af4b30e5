import {Config} from '@oclif/core/config'
import {Help} from '@oclif/core/help'
import {UsageError} from './errors.js'
import {nearestName} from './nearest-name.js'

/** A command by its words, and the arguments for it. */
export interface CommandLine {
  words: string[]
  rest: string[]
}

/**
 * What argv means when it does not plainly name a command: a call for help, an alias, a topic, or a
 * mistake (`UsageError`). Prints help itself and returns `undefined`, or returns what to run instead.
 */
export async function explainCli(root: string, argv: string[]): Promise<CommandLine | undefined> {
  if (argv[0] === '--version' || argv[0] === '-V') return {words: ['version'], rest: argv.slice(1)}
  const config = await Config.load({root})
  const asked = (argv[0] === 'help' ? argv.slice(1) : argv).filter(
    (word) => word !== '--help' && word !== '-h',
  )
  const isHelp = asked.length < argv.length || argv.length === 0
  const words = asked.slice(0, countWords(asked))
  const id = longestId(words, (candidate) => config.findCommand(candidate) !== undefined)
  if (id === undefined) {
    const isTopic = words.length > 0 && config.findTopic(words.join(':')) !== undefined
    if (!isTopic && asked.length > 0) throw unknown(asked, words, config)
    if (isTopic && asked.includes('--json')) throw needsCommand(words, config)
  } else if (!isHelp) {
    return {words: originalId(config, id).split(':'), rest: asked.slice(id.split(':').length)}
  }
  await new Help(config, config.pjson.oclif.helpOptions).showHelp(id?.split(':') ?? words)
  return undefined
}

function countWords(argv: string[]): number {
  const end = argv.findIndex((word) => word.startsWith('-'))
  return end === -1 ? argv.length : end
}

function longestId(words: string[], exists: (id: string) => boolean): string | undefined {
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':')
    if (exists(id)) return id
  }
  return undefined
}

function originalId(config: Config, alias: string): string {
  const isAliased = config.commands.find(
    ({id, aliases, hiddenAliases}) =>
      id !== alias && !aliases.includes(id) && [...aliases, ...hiddenAliases].includes(alias),
  )
  return isAliased?.id ?? alias
}

function unknown(asked: string[], words: string[], config: Config): UsageError {
  if (words.length === 0)
    return new UsageError(`${asked[0]} is not a flag of ${config.bin} itself.`, {
      code: 'unknown_flag',
      hint: `Run: ${config.bin} --help`,
    })
  const known = config.commands.filter(({hidden}) => !hidden).map(({id}) => id.replaceAll(':', ' '))
  const topic = longestId(words, (id) => config.findTopic(id) !== undefined)
  const typed = words.slice(0, topic === undefined ? 1 : topic.split(':').length + 1).join(' ')
  const nearest = nearestName(typed, known) ?? nearestName(words.slice(0, 2).join(' '), known)
  return new UsageError(`There is no command "${typed}".`, {
    code: 'unknown_command',
    hint: nearest ? `Did you mean: ${config.bin} ${nearest}` : `Run: ${config.bin} --help`,
    details: {command: typed, nearest: nearest ?? null},
  })
}

function needsCommand(words: string[], config: Config): UsageError {
  const topic = words.join(' ')
  return new UsageError(`"${topic}" is a group of commands, not a command.`, {
    code: 'command_missing',
    hint: `Run: ${config.bin} ${topic} --help`,
  })
}
