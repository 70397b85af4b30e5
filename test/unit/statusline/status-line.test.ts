import {describe, expect, it} from 'vitest'
import {statusLine, type StatusLineFacts} from '../../../src/lib/statusline/status-line.js'
import {runCli} from '../../support/run-cli.js'
import {tempWorkspace} from '../../support/temp-workspace.js'

const HOUR = 3_600_000
const well: StatusLineFacts = {
  privacy: 'public',
  ageMs: HOUR,
  staleAfterMs: 48 * HOUR,
  pullExitCode: 0,
  pushExitCode: 0,
  tokenLeftMs: null,
  renewMs: 168 * HOUR,
}

describe('statusLine', () => {
  it.each<[string, Partial<StatusLineFacts>]>([
    ['', {}],
    ['', {ageMs: null}],
    ['', {pullExitCode: 9, pushExitCode: 11}],
    ['', {tokenLeftMs: 240 * HOUR}],
    ['agnes: private session', {privacy: 'private'}],
    ['agnes: private list unreadable, nothing is sent', {privacy: 'unknown'}],
    ['agnes: data 3 d old', {ageMs: 73 * HOUR}],
    ['agnes: sign-in ends in 5 h', {tokenLeftMs: 5.5 * HOUR}],
    ['agnes: sign-in expired', {tokenLeftMs: -1}],
    ['agnes: pull and push failing, see agnes doctor', {pullExitCode: 12, pushExitCode: 8}],
    [
      'agnes: private session · push failing, see agnes doctor',
      {privacy: 'private', pushExitCode: 5},
    ],
  ])('is %j for %j', (line, facts) => {
    expect(statusLine({...well, ...facts})).toBe(line)
  })
})

describe('agnes statusline', () => {
  const place = async () => {
    const workspace = await tempWorkspace()
    await workspace.write('.claude/agnes-sessions-private.txt', 's1\n')
    const said = {session_id: 's1', workspace: {project_dir: workspace.root}}
    return {...workspace, stdin: JSON.stringify(said)}
  }
  const run = async (argv: string[], tty = false) => {
    const {home, stdin} = await place()
    return runCli(['statusline', ...argv], {env: {HOME: home}, currentDir: home, stdin, tty})
  }

  it('draws for the session and the project that stdin names', async () => {
    const {stdout, exitCode} = await run([])
    expect([stdout, exitCode]).toEqual(['agnes: private session\n', 0])
    expect((await run(['--json'])).json).toMatchObject({
      text: 'agnes: private session',
      facts: {privacy: 'private', ageMs: null},
    })
  })

  it('is empty outside of a workspace, and writes nothing anywhere', async () => {
    const {home} = await tempWorkspace()
    const options = {env: {HOME: home}, currentDir: home}
    const {stdout, stderr, exitCode} = await runCli(['statusline'], options)
    expect([stdout, stderr, exitCode]).toEqual(['', '', 0])
    expect((await runCli(['statusline', '--json'], options)).json).toEqual({text: '', facts: null})
  })

  it('refuses a flag it does not know', async () => {
    expect((await run(['--nope'])).exitCode).toBe(2)
  })
})
