import {Args, Flags} from '@oclif/core'
import {describe, expect, it} from 'vitest'
import {BaseCommand} from '../../src/lib/base-command.js'
import {readEnv} from '../../src/lib/config/env.js'
import {withOverrides} from '../../src/lib/context.js'
import {BusyError, MissingError, PartialError, type AgnesError} from '../../src/lib/errors.js'
import {memoryStreams} from '../support/memory-streams.js'

type Work = (command: Probe) => Promise<object> | object

/** A command whose body a test hands in. */
class Probe extends BaseCommand<object> {
  static override args = {table: Args.string()}
  static override flags = {
    quiet: Flags.boolean(),
    count: Flags.integer({default: 1}),
    kind: Flags.string({options: ['a', 'b']}),
  }
  static work: Work = () => ({})

  async run(): Promise<object> {
    await this.parse(Probe)
    const result = await Probe.work(this)
    await this.present(result, (shown) => `text of ${JSON.stringify(shown)}`)
    return result
  }

  warnOf(message: string): void {
    this.addWarning(message)
  }

  async printRow(row: string): Promise<void> {
    this.markPrinted()
    await this.context.streams.out.write(row)
  }

  get aborted(): AbortSignal {
    return this.signal
  }
}

async function run(argv: string[], work: Work = () => ({rows: 0}), options: {tty?: boolean} = {}) {
  const streams = memoryStreams(options)
  let exitCode = 0
  Probe.work = work
  await withOverrides(
    {
      env: readEnv({HOME: '/nowhere'}),
      streams,
      currentDir: '/',
      setExitCode: (code) => void (exitCode = code),
    },
    () => Probe.launch(['probe'], argv),
  )
  return {stdout: streams.out.text, stderr: streams.err.text, exitCode}
}

function fails(error: unknown): Work {
  return () => {
    throw error
  }
}

describe('the base command', () => {
  it('prints the text of a result, or the result itself with --json', async () => {
    expect(await run([])).toEqual({stdout: 'text of {"rows":0}\n', stderr: '', exitCode: 0})
    const json = await run(['--json'])
    expect(JSON.parse(json.stdout)).toEqual({rows: 0})
    expect(json.stderr).toBe('')
  })

  it('prints an empty result too', async () => {
    expect(JSON.parse((await run(['--json'], () => ({}))).stdout)).toEqual({})
  })

  const failures: [AgnesError | Error, number, string][] = [
    [new MissingError('No such table.', {hint: 'Run: agnes catalog'}), 4, 'not_found'],
    [new BusyError('Held by 42.', {code: 'locked'}), 11, 'locked'],
    [new PartialError('2 of 3 tables failed.'), 12, 'partial'],
    [new TypeError('x is undefined'), 1, 'unexpected'],
  ]
  it.each(failures)('ends with the same code in text and JSON: %s', async (error, code, name) => {
    const text = await run([], fails(error))
    const json = await run(['--json'], fails(error))
    expect([text.exitCode, json.exitCode]).toEqual([code, code])
    expect(text.stdout).toBe('')
    expect(text.stderr).toContain(error.message)
    expect(JSON.parse(json.stdout).error.code).toBe(name)
    expect(json.stderr).toBe('')
  })

  it.each([
    [['--bogus'], 'Nonexistent flag: --bogus'],
    [['--count', 'many'], 'Expected an integer'],
    [['--kind', 'c'], 'to be one of'],
    [['one', 'two'], 'Unexpected argument: two'],
  ])('calls %j a usage error without showing internals', async (argv, message) => {
    const text = await run(argv)
    const json = await run([...argv, '--json'])
    expect([text.exitCode, json.exitCode]).toEqual([2, 2])
    expect(text.stderr).toContain(message)
    expect(text.stderr).toContain('agnes probe --help')
    const {error} = JSON.parse(json.stdout)
    expect(error).toEqual({
      code: 'usage',
      message: expect.stringContaining(message),
      hint: 'Run: agnes probe --help',
      retryable: false,
      details: {},
    })
    expect(json.stdout.length).toBeLessThan(500)
  })

  it('says nothing about this.exit() and keeps its code', async () => {
    const work: Work = (command) => command.exit(7)
    expect(await run([], work)).toEqual({stdout: '', stderr: '', exitCode: 7})
    expect(await run(['--json'], work)).toEqual({stdout: '', stderr: '', exitCode: 7})
  })

  it('tells warnings on stderr, inside the document with --json, and not with --quiet', async () => {
    const work: Work = (command) => {
      command.warnOf('the\u001B[31m clock\nis slow')
      return {rows: 1}
    }
    expect((await run([], work)).stderr).toBe('Warning: the clock is slow\n')
    const json = await run(['--json'], work)
    expect(JSON.parse(json.stdout)).toEqual({rows: 1, warnings: ['the\u001B[31m clock\nis slow']})
    expect(json.stderr).toBe('')
    expect((await run(['--quiet'], work)).stderr).toBe('')
  })

  it('keeps warnings when the command fails', async () => {
    const work: Work = (command) => {
      command.warnOf('old state')
      throw new MissingError('Gone.')
    }
    expect((await run([], work)).stderr).toBe('Error: Gone.\nWarning: old state\n')
    expect(JSON.parse((await run(['--json'], work)).stdout)).toMatchObject({
      error: {code: 'not_found'},
      warnings: ['old state'],
    })
  })

  it('adds nothing to an answer the command has written itself', async () => {
    const work: Work = async (command) => {
      await command.printRow('{"a":1}\n')
      return {rows: 1}
    }
    expect((await run(['--json'], work)).stdout).toBe('{"a":1}\n')
  })

  it('reports a failure after the first row on stderr, also with --json', async () => {
    const work: Work = async (command) => {
      await command.printRow('{"a":1}\n')
      throw new MissingError('Lost the table.')
    }
    const {stdout, stderr, exitCode} = await run(['--json'], work)
    expect(stdout).toBe('{"a":1}\n')
    expect(stderr).toContain('Lost the table.')
    expect(exitCode).toBe(4)
  })

  it('removes escape sequences from an error before it is shown', async () => {
    const {stderr} = await run([], fails(new MissingError('No table "\u001B]0;owned\u0007x".')))
    expect(stderr).toBe('Error: No table "x".\n')
  })

  it('leaves no signal handler behind', async () => {
    const before = process.listenerCount('SIGINT')
    await run([])
    await run([], fails(new MissingError('x')))
    expect(process.listenerCount('SIGINT')).toBe(before)
  })
})
