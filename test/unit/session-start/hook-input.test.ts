import {PassThrough, Readable} from 'node:stream'
import {describe, expect, it} from 'vitest'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {readEnv} from '../../../src/lib/config/env.js'
import {readHookInput} from '../../../src/lib/session-start/hook-input.js'
import {FakeClock} from '../../support/fake-clock.js'

const SAID = '{"hook_event_name":"SessionStart","session_id":"s1","cwd":"/ws"}'
const HOOK = {CLAUDE_PROJECT_DIR: '/ws'}
const read = (stdin: string, env: Record<string, string> = {}) =>
  readHookInput({env: readEnv(env), clock: new FakeClock(), stdin: Readable.from([stdin])})

describe('readHookInput', () => {
  it('knows a hook by what stdin says', async () => {
    expect(await read(SAID)).toEqual({event: 'SessionStart', sessionId: 's1', cwd: '/ws'})
  })

  it('knows a hook by its environment where stdin arrives empty', async () => {
    expect(await read('', HOOK)).toEqual({})
  })

  it.each([
    ['a person', '', {}],
    ['the shell tool of Claude Code', '', {...HOOK, CLAUDECODE: '1'}],
    ['a script that pipes something else', 'select 1', {}],
    ['a script that pipes JSON', '{"a": 1}', {}],
  ])('does not take %s for a hook', async (_who, stdin, env) => {
    expect(await read(stdin, env as Record<string, string>)).toBeUndefined()
  })

  it('asks a terminal nothing', async () => {
    const stdin = Object.assign(new PassThrough(), {isTTY: true})
    const input = {env: readEnv({}), clock: new FakeClock(), stdin}
    expect(await readHookInput(input)).toBeUndefined()
  })

  it('does not wait for a stdin that never closes', async () => {
    const env = readEnv(HOOK)
    expect(await readHookInput({env, clock: systemClock, stdin: new PassThrough()})).toEqual({})
    const said = new PassThrough()
    said.write(SAID.slice(0, 20))
    said.write(SAID.slice(20))
    const input = {env, clock: new FakeClock(), stdin: said}
    expect(await readHookInput(input)).toMatchObject({event: 'SessionStart'})
  })

  it('reads what has come while the process was held up for longer than it waits', async () => {
    const said = new PassThrough()
    const read = readHookInput({env: readEnv({}), clock: systemClock, stdin: said})
    setImmediate(() => said.write(SAID))
    const until = performance.now() + 100
    while (performance.now() < until);
    expect(await read).toMatchObject({event: 'SessionStart'})
  })

  it('does not wait for a stdin that was read before', async () => {
    const input = {env: readEnv({}), clock: new FakeClock(), stdin: new PassThrough()}
    input.stdin.end('select 1')
    expect(await readHookInput(input)).toBeUndefined()
    expect(await readHookInput(input)).toBeUndefined()
  })
})
