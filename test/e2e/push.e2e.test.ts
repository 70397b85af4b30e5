import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode} from '../support/spawn-node.js'
import {pushStage} from '../unit/push/push-stage.js'
import {secretCorpus} from '../unit/redact/secret-corpus.js'

const BIN = join(repositoryRoot, 'bin/run.js')

describe('agnes push, spawned', () => {
  it('of two at once, one sends and the other gives way', async () => {
    const stage = await pushStage()
    for (let index = 0; index < 200; index++) await stage.addSession(`session-${index}`)
    const ends = await Promise.all(
      [1, 2, 3].map(() => runNode([BIN, 'push', '--quiet'], {env: stage.env, cwd: stage.root})),
    )
    for (const {exitCode} of ends) expect([0, 11]).toContain(exitCode)
    expect(stage.arrivals).toHaveLength(200)
  })

  it(
    'puts transcripts and notes on the embedded server, packed on the way, redacted',
    {timeout: 300_000},
    async () => {
      const server = await startEmbeddedServer()
      const stage = await pushStage()
      for (const [index, {text}] of secretCorpus.entries())
        await stage.addSession(`session-${index}`, {texts: [text]})
      const big = 'password=hunter2 '.repeat(20_000)
      await stage.addSession('big', {texts: Array.from({length: 20}, () => big)})
      await stage.write('.claude/CLAUDE.local.md', '# Notes\n')
      await stage.write('.claude/init-complete', `server_url: ${server.url}\n`)
      const env = {...stage.env, AGNES_SERVER: server.url, AGNES_TOKEN: server.analystToken}
      const {exitCode, stdout} = await runNode([BIN, 'push', '--json'], {env, cwd: stage.root})
      expect(exitCode).toBe(0)
      const {sessions, notes} = JSON.parse(stdout)
      expect([sessions.length, notes.state]).toEqual([secretCorpus.length + 1, 'sent'])
      const uploads = join(server.dir, 'uploads')
      const names = await readdir(uploads, {recursive: true})
      const files = names.filter((name) => /\.(jsonl|md)$/.test(name))
      expect(files.filter((name) => name.includes('sessions')).length).toBeGreaterThan(
        secretCorpus.length,
      )
      for (const name of files) {
        const text = await readFile(join(uploads, name), 'utf8')
        for (const {secret} of secretCorpus) expect(text.includes(secret)).toBe(false)
      }
    },
  )

  it('reads nothing but the workspace, the config folder and the transcripts, and writes only the workspace', async () => {
    const stage = await pushStage()
    await stage.addSession('one', {texts: ['x'.repeat(6_000_000)]})
    await stage.addSession('foreign', {cwd: `${stage.root}-other`})
    await stage.write('.claude/CLAUDE.local.md', 'notes')
    await stage.write('../.config/agnes/config.yaml', '# default_private\n')
    const readable = [repositoryRoot, stage.root, stage.projects, join(stage.home, '.config/agnes')]
    const flags = [
      Number(process.versions.node.split('.')[0]) >= 24
        ? '--permission'
        : '--experimental-permission',
      ...readable.map((path) => `--allow-fs-read=${path}/*`),
      `--allow-fs-write=${stage.root}/*`,
    ]
    const run = await runNode([...flags, BIN, 'push', '--json'], {env: stage.env, cwd: stage.root})
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: true,
      sessions: [{sessionId: 'one'}],
      notes: {state: 'sent'},
    })
    // The same walls do stop what stands outside of them.
    const walled = flags.filter((flag) => !flag.includes('projects'))
    const denied = await runNode([...walled, BIN, 'push', '--json'], {
      env: stage.env,
      cwd: stage.root,
    })
    expect(denied.exitCode).not.toBe(0)
  })
})
