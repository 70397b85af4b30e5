import {appendFile, mkdir, readFile, symlink, truncate, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {html, redirect, reset, status} from '../support/server-faults.js'
import {snapshotTree} from '../support/snapshot-tree.js'
import {startTestServer} from '../support/test-server.js'
import {pushStage, transcript} from '../unit/push/push-stage.js'
import {secretCorpus} from '../unit/redact/secret-corpus.js'

const A = '11111111-1111-4111-8111-111111111111'
const B = '22222222-2222-4222-8222-222222222222'
const C = '33333333-3333-4333-8333-333333333333'
const LEDGER = '.claude/agnes/push-ledger.ndjson'
const REFERENCE = '.claude/agnes-sessions-uploaded.txt'

describe('agnes push', () => {
  it('sends every session once and says what it did', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    await stage.addSession(B, {texts: ['password=hunter2']})
    const first = await stage.run(['push', '--json'])
    expect(first.exitCode).toBe(0)
    expect(Object.keys(first.json).sort()).toEqual(
      'damagedLedgerRows durationMs error failed isDryRun notes ok server sessions skipped workspace'.split(
        ' ',
      ),
    )
    expect(first.json.sessions).toHaveLength(2)
    expect(first.json.sessions[1]).toMatchObject({
      sessionId: B,
      parts: 1,
      redactions: {PASSWORD: 1},
    })
    expect([...stage.stored.keys()].sort()).toEqual([`${A}.jsonl`, `${B}.jsonl`])
    expect(stage.stored.get(`${B}.jsonl`)).toContain('password=[REDACTED-PASSWORD]')
    const second = await stage.run(['push', '--json'])
    expect(second.json).toMatchObject({ok: true, sessions: [], skipped: {unchanged: 2}})
    expect(stage.arrivals).toHaveLength(2)
  })

  it('tells of sessions oldest first, whichever arrived first', async () => {
    let release: () => void = () => undefined
    const newest = new Promise<void>((resolve) => (release = resolve))
    const stage = await pushStage({
      // The oldest is answered last.
      whenAsked: async (fileName) => {
        if (fileName === `${B}.jsonl`) release()
        if (fileName === `${C}.jsonl`) await newest
      },
    })
    for (const [index, id] of [C, A, B].entries())
      await utimes(await stage.addSession(id), 1_700_000_000 + index, 1_700_000_000 + index)
    const {json} = await stage.run(['push', '--json'])
    expect(stage.arrivals).not.toEqual([C, A, B].map((id) => `${id}.jsonl`))
    expect(json.sessions.map(({sessionId}: {sessionId: string}) => sessionId)).toEqual([C, A, B])
  })

  it('speaks prose on a terminal, rows in a pipe and nothing with --quiet', async () => {
    const stage = await pushStage()
    await stage.addSession(A, {texts: ['token="abcdef123456"']})
    const dry = await stage.run(['push', '--dry-run'], {tty: true})
    expect(dry.stdout).toContain('line 1  TOKEN  … (12 characters)')
    expect(dry.stdout).toContain('1 session would go')
    const piped = await stage.run(['push'])
    expect(piped.stdout).toMatch(new RegExp(`^sent\t${A}\t\\d+\t1\t1\n$`))
    await stage.addSession(B)
    const quiet = await stage.run(['push', '--quiet'])
    expect([quiet.stdout, quiet.stderr, quiet.exitCode]).toEqual(['', '', 0])
    const idle = await stage.run(['push'], {tty: true})
    expect(idle.stdout).toContain('Nothing was sent. 2 there already.')
  })

  it('asks nobody and writes nothing in a dry run, and needs no token', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    const before = await stage.files.list('.claude/agnes')
    const dry = await stage.run(['push', '--dry-run', '--json'], {env: {AGNES_TOKEN: ''}})
    expect(dry.json).toMatchObject({isDryRun: true, ok: true, sessions: [{sessionId: A}]})
    expect(stage.server.requests).toEqual([])
    expect(await stage.files.list('.claude/agnes')).toEqual(before)
    expect(await stage.files.stat(REFERENCE)).toBeUndefined()
  })

  it('sends a grown transcript again, and a line that is being written only when it is whole', async () => {
    const stage = await pushStage()
    const path = await stage.addSession(A)
    await appendFile(path, '{"type":"user","mess')
    await stage.run(['push'])
    expect(stage.stored.get(`${A}.jsonl`)).toBe(transcript(A, stage.root, [`hello from ${A}`]))
    await stage.run(['push'])
    expect(stage.arrivals).toHaveLength(1)
    await appendFile(path, 'age":1}')
    await stage.run(['push'])
    expect(stage.stored.get(`${A}.jsonl`)).toMatch(/\{"type":"user","message":1\}$/)
    expect(stage.arrivals).toHaveLength(2)
  })

  it('sends a rewritten transcript of the same size, not one that was only touched', async () => {
    const stage = await pushStage()
    const path = await stage.addSession(A, {texts: ['one']})
    await stage.run(['push'])
    await utimes(path, 1_800_000_000, 1_800_000_000)
    expect((await stage.run(['push', '--json'])).json.skipped.unchanged).toBe(1)
    await writeFile(path, transcript(A, stage.root, ['two']))
    await utimes(path, 1_800_000_100, 1_800_000_100)
    await stage.run(['push'])
    expect(stage.arrivals).toHaveLength(2)
    await truncate(path, 0)
    await stage.run(['push'])
    expect(stage.arrivals).toHaveLength(2)
  })

  it('sends sessions of sub-folders, never those of another project that shares the folder', async () => {
    const stage = await pushStage()
    await stage.addSession(A, {cwd: join(stage.root, 'deep/er')})
    await stage.addSession(B, {cwd: `${stage.root}-2`})
    const collision = stage.root.replace(/ws$/, 'x.y')
    await stage.addSession(C, {cwd: collision, folder: stage.root.replace(/[^a-zA-Z0-9]/g, '-')})
    const {json} = await stage.run(['push', '--json'])
    expect(json.sessions.map((session: {sessionId: string}) => session.sessionId)).toEqual([A])
    expect(json.skipped).toEqual({
      unchanged: 0,
      private: 0,
      refused: 0,
      waiting: 0,
      unknown: 0,
      remaining: 0,
      passedOver: 0,
    })
  })

  it('keeps a session back that was resumed in another project of the same folder name', async () => {
    const stage = await pushStage()
    const twin = stage.root.replace(/\/ws$/, '-ws')
    const path = await stage.addSession(A)
    await appendFile(path, transcript(A, twin, ['from elsewhere']))
    const outcome = await stage.run(['push', '--json'])
    expect(outcome.exitCode).toBe(12)
    expect(outcome.json.failed).toMatchObject([
      {sessionId: A, code: 'foreign_lines', isPermanent: true, retryAt: null},
    ])
    expect(stage.arrivals).toEqual([])
    // Not tried again until it changes.
    expect((await stage.run(['push', '--json'])).json.skipped).toMatchObject({refused: 1})
  })

  it('reads no transcript through links that leave the transcripts folder', async () => {
    const stage = await pushStage()
    const outside = join(stage.home, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, `${A}.jsonl`), transcript(A, stage.root, ['outside']))
    const folder = stage.root.replace(/[^a-zA-Z0-9]/g, '-')
    await mkdir(join(stage.projects, folder), {recursive: true})
    await symlink(join(outside, `${A}.jsonl`), join(stage.projects, folder, `${A}.jsonl`))
    await symlink(outside, join(stage.projects, `${folder}-sub`))
    await stage.run(['push'])
    expect(stage.arrivals).toEqual([])
  })

  it('finds the transcripts of CLAUDE_CONFIG_DIR, and of a workspace reached by a link', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    const link = join(stage.home, 'link')
    await symlink(stage.root, link)
    const options = {env: {CLAUDE_CONFIG_DIR: join(stage.home, '.claude'), HOME: '/nonexistent'}}
    const outcome = await stage.run(['push', '--workspace', link, '--json'], options)
    expect(outcome.json.sessions).toMatchObject([{sessionId: A}])
  })

  it('lets nothing of the secret corpus out', async () => {
    const stage = await pushStage({gzip: true})
    for (const [index, {text}] of secretCorpus.entries())
      await stage.addSession(`${A.slice(0, -4)}${String(index).padStart(4, '0')}`, {
        texts: [text, JSON.stringify({nested: JSON.stringify({text})})],
      })
    await stage.write('.claude/CLAUDE.local.md', secretCorpus.map(({text}) => text).join('\n\n'))
    expect((await stage.run(['push'])).exitCode).toBe(0)
    expect(stage.arrivals).toHaveLength(secretCorpus.length)
    const everything = [...stage.stored.values(), ...stage.notes].join('\n')
    for (const {secret} of secretCorpus) {
      expect(everything).not.toContain(secret)
      for (const request of stage.server.requests)
        expect(request.body.includes(secret) || request.path.includes(secret)).toBe(false)
    }
    const ledger = (await stage.files.readText(LEDGER)) ?? ''
    for (const {secret} of secretCorpus) expect(ledger).not.toContain(secret)
    for (const content of stage.stored.values())
      for (const line of content.trimEnd().split('\n')) JSON.parse(line)
  })

  it('compresses only for a server that says so, in one member', async () => {
    const packed = await pushStage({gzip: true})
    await packed.addSession(A, {texts: ['x'.repeat(3_000_000)]})
    await packed.run(['push'])
    expect(packed.stored.get(`${A}.jsonl`)).toHaveLength(
      transcript(A, packed.root, ['']).length + 3_000_000,
    )
    expect(packed.server.requestsTo('/api/upload/sessions')[0]!.body.length).toBeLessThan(20_000)
    await packed.addSession(B, {texts: ['y'.repeat(1000)]})
    await packed.run(['push'], {env: {AGNES_PUSH_NO_GZIP: '1'}})
    expect(packed.server.requestsTo('/api/upload/sessions')[1]!.body.toString()).toContain('yyyy')
    const plain = await pushStage()
    await plain.addSession(A, {texts: ['x'.repeat(1000)]})
    await plain.run(['push'])
    expect(plain.server.requestsTo('/api/upload/sessions')[0]!.body.toString()).toContain('xxxx')
  })

  it('sends local notes when they change, redacted', async () => {
    const stage = await pushStage()
    await stage.write('.claude/CLAUDE.local.md', '# Notes\npassword=hunter2\n')
    const {json} = await stage.run(['push', '--json'])
    expect(json.notes).toEqual({state: 'sent', redactions: 1})
    await stage.run(['push'])
    expect(stage.notes).toEqual(['# Notes\npassword=[REDACTED-PASSWORD]\n'])
    await stage.write('.claude/CLAUDE.local.md', '# More\n')
    await stage.run(['push'])
    expect(stage.notes).toHaveLength(2)
  })

  it('keeps the reference client’s ledger in its format and believes it', async () => {
    const stage = await pushStage()
    const path = await stage.addSession(A)
    const size = (await readFile(path)).length
    await stage.write(
      REFERENCE,
      `${A}\t12\t2026-01-01T00:00:00Z\n${A}\t${size}\t2026-01-02T00:00:00Z\nold\tpath`,
    )
    await stage.addSession(B)
    await stage.run(['push'])
    expect(stage.arrivals).toEqual([`${B}.jsonl`])
    const rows = (await stage.files.readText(REFERENCE))!.split('\n')
    expect(rows[2]).toBe('old\tpath')
    expect(rows[3]).toMatch(new RegExp(`^${B}\t\\d+\t\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`))
    await appendFile(path, transcript(A, stage.root, ['more']))
    await stage.run(['push'])
    expect(stage.arrivals).toEqual([`${B}.jsonl`, `${A}.jsonl`])
  })

  it('sends nothing to a server that the workspace does not belong to', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    await stage.write('.claude/CLAUDE.local.md', '# Figures of the first server\n')
    const other = await startTestServer()
    const env = {AGNES_SERVER: other.origin}
    for (const argv of [['push'], ['push', '--dry-run'], ['update']]) {
      const before = await snapshotTree(stage.root)
      const {exitCode, stderr} = await stage.run(argv, {env})
      expect([argv, exitCode]).toEqual([argv, 6])
      expect(stderr).toContain(`belongs to ${stage.server.origin}`)
      expect(stderr).toContain('Unset AGNES_SERVER')
      if (argv[0] === 'update') expect(await snapshotTree(stage.root)).toEqual(before)
    }
    expect(other.requests).toEqual([])
    await stage.run(['push'])
    expect([stage.arrivals, stage.notes]).toEqual([
      [`${A}.jsonl`],
      ['# Figures of the first server\n'],
    ])
  })

  it('sends everything to the server a workspace has moved to, and nothing twice to the first', async () => {
    const stage = await pushStage()
    const moveTo = (server: string) =>
      stage.write('.claude/init-complete', `server_url: ${server}\n`)
    await stage.addSession(A)
    await stage.run(['push'])
    const other = await startTestServer()
    const names: string[] = []
    other.json('/api/health', {status: 'ok'})
    other.on('POST', '/api/upload/sessions', ({body}) => {
      names.push(/filename="([^"]*)"/.exec(body.toString())?.[1] ?? '')
      const size = transcript(A, stage.root, [`hello from ${A}`]).length
      return {status: 200, body: {status: 'ok', filename: `${A}.jsonl`, size}}
    })
    await moveTo(other.origin)
    await stage.run(['push'], {env: {AGNES_SERVER: other.origin}})
    await stage.run(['push'], {env: {AGNES_SERVER: other.origin}})
    await moveTo(stage.server.origin)
    await stage.run(['push'])
    expect(names).toEqual([`${A}.jsonl`])
    expect(stage.arrivals).toEqual([`${A}.jsonl`])
  })
})

describe('agnes push against a failing server', () => {
  const upload = async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    return {stage, route: stage.server.on('POST', '/api/upload/sessions', () => ({status: 599}))}
  }

  it.each([
    [401, 7, 'not_signed_in'],
    [429, 3, 'rate_limited'],
    [400, 12, 'partial'],
    [413, 12, 'partial'],
    [422, 12, 'partial'],
    [403, 12, 'partial'],
    [404, 12, 'partial'],
    [405, 12, 'partial'],
    [500, 12, 'partial'],
    [503, 12, 'partial'],
  ])('loses nothing on %s and ends with %s', async (code, exitCode, error) => {
    const stage = await pushStage()
    await stage.addSession(A)
    const bad = stage.server.on('POST', '/api/upload/sessions', () => ({
      status: code,
      body: {detail: 'no'},
    }))
    const outcome = await stage.run(['push', '--json'])
    expect([outcome.exitCode, outcome.json.error.code]).toEqual([exitCode, error])
    expect(bad.asked).toBe(1)
    const text = await stage.run(['push'])
    expect(text.exitCode).toBe([400, 413, 422].includes(code) ? 0 : exitCode)
    stage.server.on('POST', '/api/upload/sessions', ({body}) => {
      stage.arrivals.push(body.toString())
      const size = transcript(A, stage.root, [`hello from ${A}`, 'grown']).length
      const isGrown = body.toString().includes('grown')
      const plain = transcript(A, stage.root, [`hello from ${A}`]).length
      return {status: 200, body: {status: 'ok', filename: 'x', size: isGrown ? size : plain}}
    })
    if ([400, 413, 422].includes(code)) {
      // The server will not have it as it is; it may once it has changed.
      expect((await stage.run(['push', '--json'])).json.skipped.refused).toBe(1)
      await stage.addSession(A, {texts: [`hello from ${A}`, 'grown']})
    }
    expect((await stage.run(['push'])).exitCode).toBe(0)
    expect(stage.arrivals).toHaveLength(1)
  })

  it('leaves a hook quiet for a while after 403, 404 and 405, but not a person', async () => {
    const {stage, route} = await upload()
    route.faults(status(404).times(2))
    await stage.run(['push', '--quiet'])
    expect((await stage.run(['push', '--quiet', '--json'])).json.skipped.waiting).toBe(1)
    expect(route.asked).toBe(1)
    await stage.run(['push'])
    expect(route.asked).toBe(2)
  })

  it('stops after three failures in a row, and at once where no transcript is to blame', async () => {
    const stage = await pushStage()
    for (let index = 0; index < 30; index++) await stage.addSession(`session-${index}`)
    const route = stage.server.on('POST', '/api/upload/sessions', () => ({status: 500}))
    const outcome = await stage.run(['push', '--json'])
    expect(outcome.exitCode).toBe(5)
    expect(route.asked).toBeLessThan(10)
    expect(outcome.json.skipped.remaining + outcome.json.failed.length).toBe(30)
    const denied = stage.server.on('POST', '/api/upload/sessions', () => ({status: 401}))
    expect((await stage.run(['push'])).exitCode).toBe(7)
    expect(denied.asked).toBeLessThan(5)
  })

  it('survives a reset, a sign-in page and a redirect without counting them as stored', async () => {
    const {stage, route} = await upload()
    route.faults(
      reset(),
      reset(),
      html(),
      redirect('https://elsewhere.example/api/upload/sessions'),
    )
    expect((await stage.run(['push'])).exitCode).toBe(9)
    expect((await stage.run(['push'])).exitCode).toBe(9)
    expect((await stage.run(['push'])).exitCode).toBe(2)
    expect(await stage.files.stat(REFERENCE)).toBeUndefined()
  })

  it('sends once more when a kept connection was closed', async () => {
    const {stage, route} = await upload()
    route.faults(reset())
    const size = transcript(A, stage.root, [`hello from ${A}`]).length
    stage.server
      .on('POST', '/api/upload/sessions', () => ({
        status: 200,
        body: {status: 'ok', filename: `${A}.jsonl`, size},
      }))
      .faults(reset())
    expect((await stage.run(['push'])).exitCode).toBe(0)
    expect(route.asked).toBe(0)
  })

  it('does not believe a server that stored fewer bytes, or keeps archives', async () => {
    const {stage} = await upload()
    stage.server.on('POST', '/api/upload/sessions', () => ({
      status: 200,
      body: {status: 'ok', filename: `${A}.jsonl`, size: 1},
    }))
    const outcome = await stage.run(['push', '--json'])
    expect(outcome.json.failed).toMatchObject([{code: 'stored_size_differs'}])
  })

  it('says it plainly when the server is down', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    await stage.server.close()
    const outcome = await stage.run(['push', '--quiet'])
    expect(outcome.exitCode).toBe(9)
    expect(outcome.stderr).toContain('Cannot reach')
  })

  it('goes on after a ledger row that was cut off', async () => {
    const stage = await pushStage()
    await stage.addSession(A)
    await stage.run(['push'])
    await appendFile(join(stage.root, LEDGER), '{"kind":"sent","serv')
    await appendFile(join(stage.root, REFERENCE), `${B}\t12`)
    await stage.addSession(B)
    const {json} = await stage.run(['push', '--json'])
    expect(json.damagedLedgerRows).toBe(1)
    expect((await stage.run(['push', '--json'])).json.skipped.unchanged).toBe(2)
    expect(stage.arrivals).toEqual([`${A}.jsonl`, `${B}.jsonl`])
    expect((await stage.files.readText(REFERENCE))!.split('\n')[2]).toMatch(
      new RegExp(`^${B}\t\\d+\t2`),
    )
  })
})
