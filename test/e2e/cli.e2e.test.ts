import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode, spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

interface ManifestCommand {
  id: string
  aliases: string[]
  hidden?: boolean
  summary?: string
  examples?: unknown[]
  flags: Record<string, {char?: string; summary?: string; description?: string}>
}

const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, ManifestCommand>
}
const commands = Object.values(manifest.commands)

async function agnes(...argv: string[]) {
  const home = await tempDir()
  return runNode([join(repositoryRoot, 'bin/run.js'), ...argv], {env: {HOME: home}, cwd: home})
}

describe('every command', () => {
  it.each(['catalog', 'admin:grant:create'])('%s explains itself with --help', async (id) => {
    const {exitCode, stdout, stderr} = await agnes(...id.split(':'), '--help')
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    expect(stdout).toContain(`$ agnes ${id.replaceAll(':', ' ')}`)
  })

  it('explains itself with --help', async () => {
    // One process for all: a hundred of them are a minute.
    const script = `const {runCli} = await import(${JSON.stringify(join(repositoryRoot, 'dist/lib/run-cli.js'))})
      process.setMaxListeners(0)
      for (const id of ${JSON.stringify(commands.map(({id}) => id))}) {
        process.stdout.write('\\0' + id + '\\n')
        await runCli(${JSON.stringify(repositoryRoot)}, [...id.split(':'), '--help'])
      }`
    const home = await tempDir()
    const argv = ['--input-type=module', '-e', script]
    const {exitCode, stdout, stderr} = await runNode(argv, {env: {HOME: home}, cwd: home})
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    const pages = stdout.split('\0').slice(1)
    expect(pages.length).toBe(commands.length)
    for (const [index, {id}] of commands.entries()) {
      expect(pages[index]).toContain(`$ agnes ${id.replaceAll(':', ' ')}`)
      expect(pages[index]).toContain('EXAMPLES')
    }
  })

  it('has a summary, examples and a sentence for each flag', () => {
    for (const {id, summary, examples, flags} of commands) {
      expect(summary, id).toMatch(/^[A-Z].*[^.]$/)
      expect(examples?.length ?? 0, id).toBeGreaterThan(0)
      for (const [name, flag] of Object.entries(flags))
        expect(flag.summary ?? flag.description, `${id} --${name}`).toBeTruthy()
    }
  })

  it('leaves -h to help', () => {
    for (const {id, flags} of commands)
      for (const {char} of Object.values(flags)) expect(char, id).not.toBe('h')
  })
})

describe('agnes', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])('%j lists the commands', async (argv) => {
    const {exitCode, stdout, stderr} = await agnes(...argv)
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    for (const {id, hidden} of commands)
      if (!id.includes(':') && !hidden) expect(stdout).toContain(`  ${id}`)
  })

  it.each([[['--version']], [['-V']]])('%j prints one line', async (argv) => {
    expect((await agnes(...argv)).stdout).toMatch(/^agnes-cli\/\d+\.\d+\.\d+\S*\n$/)
  })

  it('prints the version as a document with --json', async () => {
    const asked = await agnes('--version', '--json')
    expect(JSON.parse(asked.stdout)).toMatchObject({name: 'agnes-cli', node: process.version})
  })

  it('explains a command after the word help', async () => {
    const {stdout} = await agnes('help', 'exit-codes')
    expect(stdout).toContain('$ agnes exit-codes')
  })

  it.each([
    ['statsu', 'unknown_command', 'Did you mean: agnes status'],
    ['exit', 'unknown_command', 'Did you mean: agnes exit-codes'],
    ['xyzzy', 'unknown_command', 'Run: agnes --help'],
    ['--bogus', 'unknown_flag', 'Run: agnes --help'],
  ])('refuses "%s" with the next step, in text and JSON', async (word, code, hint) => {
    const text = await agnes(word)
    expect(text).toMatchObject({exitCode: 2, stdout: ''})
    expect(text.stderr).toContain(hint)
    const json = await agnes(word, '--json')
    expect(json).toMatchObject({exitCode: 2, stderr: ''})
    expect(JSON.parse(json.stdout).error).toMatchObject({code, hint})
  })

  it.each([
    ['version', 0, ''],
    ['status', 4, 'The folder this command was started in is gone.'],
    ['query "SELECT 1"', 4, 'The folder this command was started in is gone.'],
    ['statusline', 0, ''],
    ['pull --quiet', 4, 'The folder this command was started in is gone.'],
  ])('tells of a folder that is gone only where it takes one: %s', async (words, code, said) => {
    const [home, gone] = [await tempDir(), await tempDir()]
    const line = `cd "${gone}" && rmdir "${gone}" && exec "$NODE" "$AGNES" ${words}`
    const env = {HOME: home, NODE: process.execPath, AGNES: join(repositoryRoot, 'bin/run.js')}
    const {exitCode, stderr} = await spawnProcess('sh', ['-c', line], {env, cwd: home}).ended
    expect(exitCode).toBe(code)
    if (said === '') expect(stderr).toBe('')
    else expect(stderr).toContain(said)
  })

  it('refuses a command path that leaves its folder', async () => {
    const {exitCode, stderr} = await agnes('../../package')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('There is no command')
  })
})
