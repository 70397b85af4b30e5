import {once} from 'node:events'
import {createServer, get, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'
import {mkdir, readFile, rm, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import type {Background} from '../../src/lib/ports/background.js'
import {demoGrant, startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

interface Stage {
  server: EmbeddedServer
  /** With `areEtagsLost`: in front of the server. */
  front: Awaited<ReturnType<typeof withoutEtags>> | undefined
  root: string
  env: Record<string, string>
  started: string[][]
  /** What a session start prints; the additional context of it, or `''`. */
  start(env?: Record<string, string>): Promise<{text: string; exitCode: number; stderr: string}>
  run(
    argv: string[],
    more?: {stdin?: string; env?: Record<string, string>},
  ): ReturnType<typeof runCli>
}

async function stage(options: {isPulled?: boolean; areEtagsLost?: boolean} = {}): Promise<Stage> {
  const server = await startEmbeddedServer({demo: {scale: 0.01}})
  const front = options.areEtagsLost ? await withoutEtags(server.url) : undefined
  const url = front?.url ?? server.url
  const home = await tempDir()
  const root = join(home, 'ws')
  const env = {
    HOME: home,
    AGNES_SERVER: url,
    AGNES_TOKEN: server.analystToken,
    AGNES_TOKEN_RENEW_DAYS: '0',
    // No timing decides: a busy machine answers late.
    AGNES_HOOK_ANSWER_MS: '60000',
    AGNES_HOOK_SECONDS: '600',
  }
  const started: string[][] = []
  const background: Background = {
    async start(argv, folder) {
      expect(folder).toBe(root)
      started.push([...argv])
      return {hasEnded: () => false}
    },
  }
  const run = (argv: string[], more: {stdin?: string; env?: Record<string, string>} = {}) =>
    runCli(argv, {
      env: {...env, ...more.env},
      background,
      currentDir: root,
      ...(more.stdin === undefined ? {} : {stdin: more.stdin}),
    })
  const init = ['init', root, '--server-url', url]
  await runCli(options.isPulled === false ? [...init, '--no-pull'] : init, {env, currentDir: home})
  return {
    server,
    front,
    root,
    env,
    started,
    run,
    async start(more = {}) {
      const said = {hook_event_name: 'SessionStart', session_id: 's1', cwd: root}
      const stdin = JSON.stringify(said)
      const {stdout, stderr, exitCode} = await run(['pull', '--quiet'], {stdin, env: more})
      if (stdout === '') return {text: '', stderr, exitCode}
      const {hookEventName, additionalContext} = JSON.parse(stdout).hookSpecificOutput
      expect(hookEventName).toBe('SessionStart')
      return {text: additionalContext as string, stderr, exitCode}
    },
  }
}

/** The same server without ETags, and with its own time in the list of tables, like the real ones. */
async function withoutEtags(origin: string) {
  const asked: string[] = []
  let isHanging = false
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    asked.push(path)
    if (isHanging) return
    const {host: _host, 'accept-encoding': _coding, ...headers} = request.headers
    get(new URL(path, origin), {headers}, (answer) => {
      const {etag: _etag, 'content-length': _length, ...kept} = answer.headers
      const isList = path === '/api/sync/manifest' && answer.statusCode === 200
      response.writeHead(answer.statusCode ?? 500, isList ? kept : {...kept, ...lengthOf(answer)})
      if (isList) response.write(`{"server_time":"${new Date().toISOString()}",`)
      let isFirst = isList
      answer.on('data', (chunk: Buffer) => {
        response.write(isFirst ? chunk.subarray(1) : chunk)
        isFirst = false
      })
      answer.on('end', () => response.end())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const {port} = server.address() as AddressInfo
  return {url: `http://127.0.0.1:${port}`, asked, hang: () => void (isHanging = true)}
}

function lengthOf({headers}: IncomingMessage): Record<string, string> {
  const length = headers['content-length']
  return length === undefined ? {} : {'content-length': length}
}

const nothing = {text: '', exitCode: 0, stderr: ''}
const pulls = (started: string[][]) => started.filter(([verb]) => verb === 'pull')
const LAST = '.claude/agnes/last-pull.json'

describe('the start of a session', () => {
  it('says nothing when nothing changed, twice, and notes that it looked', async () => {
    const {start, root, run} = await stage()
    const before = JSON.parse(await readFile(join(root, LAST), 'utf8'))
    expect(await start()).toEqual(nothing)
    expect(await start()).toEqual(nothing)
    const after = JSON.parse(await readFile(join(root, LAST), 'utf8'))
    expect(after.settled.journalBytes).toBeGreaterThan(before.settled.journalBytes)
    expect(after.lastSuccessAt > before.lastSuccessAt).toBe(true)
    expect((await run(['status', '--json'])).json.lastSuccessAt).toBe(after.lastSuccessAt)
  })

  it('asks a server without ETags no more than one with them', async () => {
    const {start, root, front} = await stage({areEtagsLost: true})
    if (!front) throw new Error('no front')
    const last = JSON.parse(await readFile(join(root, LAST), 'utf8'))
    expect(last.settled.manifestEtag).toMatch(/^sha256:/)
    front.asked.length = 0
    expect(await start()).toEqual(nothing)
    expect(front.asked.sort()).toEqual(['/api/memory/bundle', '/api/sync/manifest'])
    const after = JSON.parse(await readFile(join(root, LAST), 'utf8'))
    expect(after.settled.journalBytes).toBeGreaterThan(last.settled.journalBytes)
    await rm(join(root, 'server/parquet/orders.parquet'))
    front.asked.length = 0
    expect(await start()).toEqual(nothing)
    expect(front.asked).toContain('/api/data/orders/download')
  })

  it('goes on without a server that accepts and never answers', async () => {
    const {start, started, root, front} = await stage({areEtagsLost: true})
    front?.hang()
    const {text} = await start({AGNES_HOOK_ANSWER_MS: '1'})
    expect(text).toContain('still running in the background')
    expect(pulls(started)).toEqual([['pull', '--quiet', '--workspace', root]])
  })

  it('fetches what is missing, whatever the record says', async () => {
    const {start, root} = await stage()
    const file = join(root, 'server/parquet/orders.parquet')
    const bytes = await readFile(file)
    await rm(file)
    expect(await start()).toEqual(nothing)
    expect(await readFile(file)).toEqual(bytes)
    await utimes(file, 1, 1)
    expect(await start()).toEqual(nothing)
  })

  it('tells of tables that went and came', async () => {
    const {server, start} = await stage()
    expect(await start()).toEqual(nothing)
    const {state} = server
    const first = demoGrant(server, 'orders')
    const drop = {drop: 'grants', key: [first.id]} as const
    await state.update(() => ({changes: [drop], result: undefined}))
    expect((await start()).text).toContain('No longer available here: orders.')
    await state.update(() => ({changes: [{put: 'grants', row: first}], result: undefined}))
    expect((await start()).text).toContain('New tables since the last session: orders.')
    expect(await start()).toEqual(nothing)
  })

  it('hands over what is too big, or takes too long', async () => {
    const {start, started} = await stage({isPulled: false})
    const {text, exitCode} = await start({AGNES_HOOK_MAX_BYTES: '1000'})
    expect([exitCode, pulls(started).length]).toEqual([0, 1])
    expect(pulls(started)[0]?.slice(0, 2)).toEqual(['pull', '--quiet'])
    expect(text).toContain('still running in the background')
    expect((await start({AGNES_HOOK_SECONDS: '0'})).text).toContain('still running')
    expect(pulls(started)).toHaveLength(2)
  })

  it('leaves a pull that is running alone', async () => {
    const {start, started, root} = await stage()
    await rm(join(root, LAST))
    const lock = `${JSON.stringify({pid: process.pid, host: (await import('node:os')).hostname(), command: 'agnes pull', since: new Date().toISOString(), startedAt: ''})}\n`
    await writeFile(join(root, '.claude/agnes/pull.lock.99'), lock)
    const {text} = await start()
    expect([pulls(started), text.includes('still running')]).toEqual([[], true])
  })

  it('says nothing alarming when the server is down, until the data is old', async () => {
    const {server, start, root} = await stage()
    await server.close()
    expect(await start()).toEqual(nothing)
    const last = JSON.parse(await readFile(join(root, LAST), 'utf8'))
    last.lastSuccessAt = new Date(Date.now() - 5 * 86_400_000).toISOString()
    const state = join(root, '.claude/agnes/sync_state.json')
    const document = JSON.parse(await readFile(state, 'utf8'))
    document.last_sync = last.lastSuccessAt
    await writeFile(state, JSON.stringify(document))
    await writeFile(join(root, LAST), JSON.stringify(last))
    expect((await start()).text).toMatch(/5 days ago\. The server does not answer/)
  })

  it('tells a failed sign-in, and ends with 0 all the same', async () => {
    const {start, root} = await stage()
    await rm(join(root, LAST))
    const {text, exitCode, stderr} = await start({AGNES_TOKEN: 'wrong'})
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(text).toContain('not refreshed')
    expect(text).toContain('agnes doctor')
  })

  it('has nothing to say outside of a workspace', async () => {
    const home = await tempDir()
    const stdin = '{"hook_event_name":"SessionStart"}'
    const {stdout, stderr, exitCode} = await runCli(['pull', '--quiet'], {
      env: {HOME: home},
      currentDir: home,
      stdin,
    })
    expect([stdout, stderr, exitCode]).toEqual(['', '', 0])
  })

  it('is an ordinary pull for a person: the exit code says what failed', async () => {
    const {run, root} = await stage()
    await rm(join(root, LAST))
    const {exitCode} = await run(['pull', '--quiet'])
    expect(exitCode).toBe(0)
    const {exitCode: refused} = await runCli(['pull', '--quiet'], {
      env: {HOME: root, AGNES_SERVER: 'http://127.0.0.1:1', AGNES_TOKEN: 't'},
      currentDir: root,
    })
    expect(refused).not.toBe(0)
  })
})

describe('sessions that no end has sent', () => {
  it('go in the background with the next start, once, and not those still going on', async () => {
    const {start, root, env, started, run} = await stage()
    await run(['push', '--quiet', '--idle', '0'])
    started.length = 0
    await start()
    expect(started).toEqual([])
    const folder = join(env.HOME!, '.claude/projects', root.replaceAll(/[^A-Za-z0-9]/g, '-'))
    await mkdir(folder, {recursive: true})
    const message = {role: 'user', content: 'hi'}
    const line = JSON.stringify({type: 'user', cwd: root, sessionId: 's0', message})
    await writeFile(join(folder, 's0.jsonl'), `${line}\n`)
    await start()
    const catchUp = ['push', '--quiet', '--idle', '15', '--workspace', root]
    expect(started).toEqual([catchUp])
    await run(catchUp)
    expect((await run(['session', 'list', '--json'])).json.sessions).toMatchObject([
      {state: 'pending'},
    ])
    const before = new Date(Date.now() - 16 * 60_000)
    await utimes(join(folder, 's0.jsonl'), before, before)
    await run(catchUp)
    expect((await run(['session', 'list', '--json'])).json.sessions).toMatchObject([
      {state: 'sent'},
    ])
    await start()
    expect(started).toEqual([catchUp])
  })
})

describe('the end of a session', () => {
  it('hands the session over and says nothing', async () => {
    const {root, env, started} = await stage()
    const stdin = JSON.stringify({hook_event_name: 'SessionEnd', session_id: 's1', cwd: '/tmp'})
    const background: Background = {
      async start(argv) {
        started.push([...argv])
        return {hasEnded: () => false}
      },
    }
    const {stdout, stderr, exitCode} = await runCli(['push', '--quiet'], {
      env: {...env, CLAUDE_PROJECT_DIR: root},
      currentDir: '/',
      stdin,
      background,
    })
    expect([stdout, stderr, exitCode]).toEqual(['', '', 0])
    expect(started.at(-1)).toEqual(['push', '--quiet', '--session', 's1', '--workspace', root])
  })
})
