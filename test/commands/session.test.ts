import {mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {holdAfter} from '../support/server-faults.js'
import {pushStage} from '../unit/push/push-stage.js'

const A = '11111111-1111-4111-8111-111111111111'
const B = '22222222-2222-4222-8222-222222222222'
const LIST = '.claude/agnes-sessions-private.txt'

describe('agnes session private and public', () => {
  it('keeps a session here until it is public again', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    const marked = await stage.run(['session', 'private', A, '--json'])
    expect(marked.json).toEqual({sessionId: A, state: 'private', changed: true})
    expect((await stage.run(['session', 'private', A.toUpperCase(), '--json'])).json.changed).toBe(
      false,
    )
    expect(await stage.files.readText(LIST)).toBe(`${A}\n`)
    expect((await stage.run(['push', '--json'])).json.skipped.private).toBe(1)
    expect((await stage.run(['session', 'public', A], {tty: true})).stdout).toContain(
      'is public now',
    )
    await stage.run(['push'])
    expect(stage.arrivals).toEqual([`${A}.jsonl`])
  })

  it('means the session it runs in when none is named, and says how when there is none', async () => {
    const stage = await pushStage()
    const own = await stage.run(['session', 'private'], {env: {CLAUDE_CODE_SESSION_ID: B}})
    expect(own.stdout).toContain(B)
    const none = await stage.run(['session', 'private', '--json'])
    expect([none.exitCode, none.json.error.code]).toEqual([2, 'no_session'])
    const bad = await stage.run(['session', 'private', '../x'])
    expect([bad.exitCode, bad.stderr.includes('not a session id')]).toEqual([2, true])
  })

  it('appends behind a list that somebody wrote by hand, and keeps its other rows', async () => {
    const stage = await pushStage()
    await stage.write(LIST, `${B} my notes\r\nother`)
    await stage.run(['session', 'private', A])
    expect(await stage.files.readText(LIST)).toBe(`${B} my notes\r\nother\n${A}\n`)
    await stage.run(['session', 'public', A])
    expect(await stage.files.readText(LIST)).toBe(`${B} my notes\nother\n`)
    await stage.run(['session', 'public', B])
    expect(await stage.files.readText(LIST)).toBe('other\n')
  })

  it('keeps the sub-agents of a private session here, too', async () => {
    const stage = await pushStage()
    await stage.addSession('agent-1234', {sessionId: A})
    await stage.run(['session', 'private', A])
    await stage.run(['push'])
    expect(stage.arrivals).toEqual([])
  })

  it('holds when the mark comes while a push is on its way', async () => {
    const stage = await pushStage()
    for (let index = 0; index < 12; index++) await stage.addSession(`s-${index}`)
    await stage.addSession(A)
    const gate = holdAfter(0)
    stage.server.on('GET', '/api/health', () => ({status: 200, body: {status: 'ok'}})).faults(gate)
    const push = stage.run(['push'])
    await gate.reached
    await stage.run(['session', 'private', A])
    gate.release()
    await push
    expect(stage.arrivals).toHaveLength(12)
    expect(stage.arrivals).not.toContain(`${A}.jsonl`)
  })

  it.each([
    ['a folder', async (path: string) => void (await mkdir(path, {recursive: true}))],
    ['not UTF-8', (path: string) => writeFile(path, Buffer.from([0xff, 0xfe, 0x41]))],
    ['a link to nothing', (path: string) => symlink('/nonexistent/list', path)],
    ['a link that leaves the workspace', (path: string) => symlink('/etc/hostname', path)],
  ])('sends nothing at all while the list is %s', async (_what, spoil) => {
    const stage = await pushStage()
    await stage.addSession(A)
    await stage.write('.claude/CLAUDE.local.md', 'notes')
    await spoil(join(stage.root, LIST))
    const outcome = await stage.run(['push', '--json'])
    expect([outcome.exitCode, outcome.json.error.code]).toEqual([2, 'private_list_unreadable'])
    expect(stage.server.requests).toEqual([])
    const mark = await stage.run(['session', 'private', A])
    expect(mark.exitCode).toBe(2)
  })
})

describe('push.default_private', () => {
  it.each([
    ['the workspace', '.claude/agnes/settings.json', '{"push": {"default_private": true}}'],
    ['the account', '../.config/agnes/config.yaml', 'push:\n  default_private: true\n'],
  ])('keeps every session here that is not public, when %s says so', async (_who, path, text) => {
    const stage = await pushStage()
    await stage.write(path, text)
    await stage.addSession(A)
    await stage.addSession(B)
    expect((await stage.run(['push', '--json'])).json.skipped.private).toBe(2)
    expect((await stage.run(['session', 'list'], {tty: true})).stdout).toContain('private unless')
    await stage.run(['session', 'public', A])
    await stage.run(['push'])
    expect(stage.arrivals).toEqual([`${A}.jsonl`])
    await stage.run(['session', 'private', A])
    expect((await stage.run(['session', 'list', '--json'])).json.sessions).toMatchObject([
      {state: 'private'},
      {state: 'private'},
    ])
  })

  it('cannot be undone by the workspace where the account says so', async () => {
    const stage = await pushStage()
    await stage.write('../.config/agnes/config.yaml', 'push: {default_private: true}\n')
    await stage.write('.claude/agnes/settings.json', '{"push": {"default_private": false}}')
    await stage.addSession(A)
    expect((await stage.run(['push', '--json'])).json.skipped.private).toBe(1)
  })

  it('sends nothing while the settings are damaged', async () => {
    const stage = await pushStage()
    await stage.write('.claude/agnes/settings.json', '{"push": ')
    await stage.addSession(A)
    expect((await stage.run(['push', '--json'])).json.error.code).toBe('settings_damaged')
    expect(stage.arrivals).toEqual([])
  })
})

describe('agnes session list', () => {
  it('shows what the next push does with each session', async () => {
    const stage = await pushStage()
    await stage.addSession('sent-one')
    await stage.run(['push'])
    await stage.addSession('private-one')
    await stage.run(['session', 'private', 'private-one'])
    await stage.addSession('no-cwd', {content: '{"type":"summary","summary":"x"}\n'})
    await stage.addSession('bad name')
    await stage.addSession('foreign', {cwd: `${stage.root}-other`})
    await stage.addSession('pending-one')
    const {json} = await stage.run(['session', 'list', '--json'])
    expect(Object.keys(json).sort()).toEqual([
      'isDefaultPrivate',
      'server',
      'sessions',
      'workspace',
    ])
    const states = Object.fromEntries(
      json.sessions.map(({sessionId, state}: {sessionId: string; state: string}) => [
        sessionId,
        state,
      ]),
    )
    expect(states).toEqual({
      'sent-one': 'sent',
      'private-one': 'private',
      'no-cwd': 'unknown',
      'bad name': 'refused',
      'pending-one': 'pending',
    })
    const piped = await stage.run(['session', 'list'])
    expect(piped.stdout).toMatch(/^pending-one\t2026-01-31T12:00:00\.000Z\t\d+\tpending\t$/m)
    const shown = await stage.run(['session', 'list'], {tty: true})
    expect(shown.stdout).toContain('2026-01-31 12:00')
  })

  it('says so when there is none', async () => {
    const stage = await pushStage()
    const outcome = await stage.run(['session', 'list'], {tty: true})
    expect(outcome.stdout).toContain('No Claude Code session')
    await rm(stage.root, {recursive: true})
    expect((await stage.run(['session', 'list'])).exitCode).not.toBe(0)
  })

  it('reads a list with its byte order mark', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    await stage.write(LIST, `\uFEFF${A}\r\n`)
    expect((await stage.run(['push', '--json'])).json.skipped.private).toBe(1)
    expect(await readFile(join(stage.root, LIST), 'utf8')).toBe(`\uFEFF${A}\r\n`)
  })
})
