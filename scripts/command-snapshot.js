// The frozen surface of the command line: every command, argument and flag, as command-snapshot.json.
// Without arguments it compares; `--write` (npm run snapshot) accepts what is there now.
import {readFileSync, writeFileSync} from 'node:fs'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {buildIfStale} from './build.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const SNAPSHOT = `${root}command-snapshot.json`

/** What people and scripts type, from oclif's manifest; texts are left out, they may change. */
export function surfaceOf(manifest) {
  return Object.values(manifest.commands)
    .sort((a, b) => a.id.localeCompare(b.id))
    .map((command) => ({
      command: command.id.replaceAll(':', ' '),
      ...(command.hidden ? {hidden: true} : {}),
      aliases: [...(command.aliases ?? [])].sort(),
      args: Object.values(command.args).map((arg) => `${arg.name}${arg.required ? '*' : ''}`),
      flags: Object.values(command.flags)
        .map(flagText)
        .sort((a, b) => a.localeCompare(b)),
    }))
}

/** `--name=value…`, `*` when required, aliases and short letters after it. */
function flagText(flag) {
  const value = flag.type === 'option' ? `=${flag.options?.join('|') ?? 'value'}` : ''
  const marks = `${flag.multiple ? '…' : ''}${flag.required ? '*' : ''}${flag.hidden ? ' (hidden)' : ''}`
  const others = [flag.char, ...(flag.charAliases ?? [])].filter(Boolean).map((char) => `-${char}`)
  const long = (flag.aliases ?? []).map((alias) => `--${alias}`)
  const no = flag.allowNo ? [`--no-${flag.name}`] : []
  return [`--${flag.name}${value}${marks}`, ...no, ...others, ...long].join(' ')
}

export function currentSurface() {
  const surface = surfaceOf(JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8')))
  return JSON.stringify(surface, null, 2) + '\n'
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildIfStale()
  const now = currentSurface()
  if (process.argv.includes('--write')) {
    writeFileSync(SNAPSHOT, now)
  } else if (readFileSync(SNAPSHOT, 'utf8') !== now) {
    console.log(
      'The command line differs from command-snapshot.json. If it is meant: npm run snapshot, and a\n' +
        'line in CHANGELOG.md. If not, something that scripts rely on was changed or lost.',
    )
    process.exitCode = 1
  }
}
