import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join, relative} from 'node:path'
import type {Command} from '@oclif/core'
import {Parser} from '@oclif/core'
import {describe, expect, it} from 'vitest'
import {repositoryRoot} from '../support/run-cli.js'
import {commandsInSource, commandsInText, words, type PrintedCommand} from './printed-commands.js'

/** Commands that are named before they exist, each with the reason it may be. */
const LATER: Record<string, string> = {
  snapshot: 'the server names it to every client; comes with snapshots',
}

/** Words that follow the name of the program in a sentence. */
const PROSE = new Set([
  'again',
  'can',
  'does',
  'has',
  'in',
  'is',
  'itself',
  'sign-in',
  'uses',
  'workspace',
])

function filesBelow(folder: string, pattern: RegExp): string[] {
  const path = join(repositoryRoot, folder)
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, {recursive: true, encoding: 'utf8'})
    .filter((name) => pattern.test(name))
    .map((name) => join(path, name))
}

const printed: PrintedCommand[] = [
  ...['README.md', 'CHANGELOG.md', 'docs', 'templates', 'hooks'].flatMap((place) =>
    filesBelow(place, /\.(md|json|txt|yaml|service|plist)$/).flatMap((file) =>
      commandsInText(readFileSync(file, 'utf8'), relative(repositoryRoot, file)),
    ),
  ),
  ...filesBelow('src', /\.ts$/).flatMap((file) =>
    commandsInSource(readFileSync(file, 'utf8'), relative(repositoryRoot, file)),
  ),
]

const classes = new Map<string, Command.Class>()
for (const file of filesBelow('src/commands', /\.ts$/)) {
  const name = relative(join(repositoryRoot, 'src/commands'), file).replace(/\.ts$/, '')
  const module = (await import(file)) as {default: Command.Class}
  classes.set(name.replaceAll('/', ' '), module.default)
  for (const alias of module.default.aliases) classes.set(alias, module.default)
}

/** What is wrong with a printed command; `undefined` when a person can type it. */
async function wrongWith({text, isWhole}: PrintedCommand): Promise<string | undefined> {
  const all = words(text.replace(/[[\]]/g, ' '))
  if (all.length === 0 || PROSE.has(all[0]!)) return undefined
  if (['--version', '-V', '--help', '-h', 'help'].includes(all[0]!)) return undefined
  if (Object.keys(LATER).some((later) => isLater(later, all))) return undefined
  const named = [3, 2, 1].map((count) => all.slice(0, count).join(' '))
  const name = named.find((words) => classes.has(words))
  if (name === undefined) {
    const isTopic = [...classes.keys()].some((id) => id.startsWith(`${all[0]} `))
    return isTopic && !isWhole ? undefined : `no command "${all.slice(0, 2).join(' ')}"`
  }
  const command = classes.get(name)!
  const argv = all.slice(name.split(' ').length)
  const flags = {...command.baseFlags, ...command.flags}
  for (const word of argv) {
    const flag = /^--([a-z][a-z-]*)/.exec(word)?.[1]
    if (flag && !['json', 'help'].includes(flag) && !(flag in flags)) return `no flag --${flag}`
  }
  // A span such as `agnes query` names a command; with arguments it is one to type.
  if (!isWhole || argv.length === 0 || argv.includes('--help')) return undefined
  return Parser.parse(
    numbersFor(
      argv.filter((word) => word !== '--json'),
      flags,
    ),
    {
      flags,
      args: command.args,
      strict: command.strict,
    } as never,
  ).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

function isLater(later: string, all: string[]): boolean {
  const [first, ...others] = later.split(' ')
  return all[0] === first && others.every((word) => all.includes(word))
}

/** Placeholders such as N stand for numbers. */
function numbersFor(argv: string[], flags: Record<string, unknown>): string[] {
  return argv.map((word, index) => {
    const before = argv[index - 1]
    const name = before?.startsWith('--') ? before.slice(2) : nameOfChar(before, flags)
    return /^[A-Z]+$/.test(word) && name !== undefined && name in flags && word === 'N' ? '1' : word
  })
}

function nameOfChar(word: string | undefined, flags: Record<string, unknown>): string | undefined {
  return Object.keys(flags).find((name) => `-${(flags[name] as {char?: string}).char}` === word)
}

describe('every command that is printed anywhere', () => {
  it('is found by this test', () => {
    expect(printed.length).toBeGreaterThan(30)
    expect(printed.filter(({isWhole}) => isWhole).length).toBeGreaterThan(20)
  })

  it('exists, with the flags it is printed with', async () => {
    const wrong = []
    for (const command of printed) {
      const reason = await wrongWith(command)
      if (reason !== undefined) wrong.push(`${command.where}: agnes ${command.text}\n    ${reason}`)
    }
    expect(wrong.join('\n')).toBe('')
  })

  it('is announced only until it exists', () => {
    const built = Object.keys(LATER).filter((later) => classes.has(later))
    expect(built).toEqual([])
  })
})

describe('the reader of printed commands', () => {
  it.each([
    ['Run `agnes pull` again.', 'pull', true],
    ['Run: agnes init --server-url X --token-stdin', 'init --server-url X --token-stdin', true],
    ['$ agnes query "select 1" --format csv', 'query "select 1" --format csv', true],
    [
      'Free some space (agnes disk-info shows what is used).',
      'disk-info shows what is used',
      false,
    ],
    ['<%= config.bin %> status --json', 'status --json', true],
  ])('finds the command in %s', (line, text, isWhole) => {
    expect(commandsInText(line, 'page')).toEqual([{where: 'page:1', text, isWhole}])
  })

  it('finds none in a path or another word', () => {
    expect(commandsInText('~/.config/agnes is; my-agnes pull', 'page')).toEqual([])
  })

  it.each<[PrintedCommand, RegExp]>([
    [{where: '', text: 'pulll', isWhole: true}, /no command/],
    [{where: '', text: 'pull --bogus', isWhole: true}, /no flag --bogus/],
    [{where: '', text: 'status extra words', isWhole: true}, /Unexpected/],
  ])('refuses %o', async (command, reason) => {
    expect(await wrongWith(command)).toMatch(reason)
  })
})
