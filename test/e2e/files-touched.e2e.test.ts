import {mkdir, rm, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'
import {canTrace, traced, type Traced} from '../support/traced-files.js'

const BIN = join(repositoryRoot, 'bin/run.js')

/** Of the computer: libraries, certificates, names, time zones, what the kernel says of itself. */
const SYSTEM = [
  /^\/(?:usr|lib|lib64)\//,
  /^\/etc\/(?:ld\.so\.\w+|ssl\/|localtime$|timezone$|hosts?$|host\.conf$|resolv\.conf$|nsswitch\.conf$|gai\.conf$|passwd$)/,
  /^\/(?:proc|sys)\//,
  /^\/dev\/(?:null|urandom|random|tty|shm)$/,
]

/** A workspace of the demo with a session, between folders that are nobody's business. */
async function desk() {
  const server = await startEmbeddedServer({demo: {scale: 0.01}})
  const home = await tempDir()
  const root = join(home, 'ws')
  const [config, claude] = [join(home, '.config/agnes'), join(home, '.claude')]
  const env = {
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    AGNES_NO_KEYCHAIN: '1',
  }
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), {recursive: true})
    await writeFile(path, text)
  }
  await mkdir(env.TMPDIR)
  const init = ['init', root, '--server-url', server.url, '--token-stdin', '--json']
  const made = await runNode([BIN, ...init], {env, cwd: home, stdin: server.analystToken})
  expect(made.exitCode).toBe(0)
  const transcript = (cwd: string, sessionId: string) =>
    `${JSON.stringify({type: 'user', cwd, sessionId, message: {role: 'user', content: 'hi'}})}\n`
  const folder = (cwd: string) => join(claude, 'projects', cwd.replaceAll(/[^A-Za-z0-9]/g, '-'))
  await write(join(folder(root), 'own.jsonl'), transcript(root, 'own'))
  await write(join(home, 'elsewhere/led-out.jsonl'), transcript(root, 'led-out'))
  await symlink(join(home, 'elsewhere/led-out.jsonl'), join(folder(root), 'led-out.jsonl'))
  await write(join(home, 'elsewhere/notes.md'), 'not for you')
  await rm(join(root, '.claude/CLAUDE.local.md'))
  await symlink(join(home, 'elsewhere/notes.md'), join(root, '.claude/CLAUDE.local.md'))
  await write(join(home, '.bash_history'), 'export TOKEN=1')
  await write(join(claude, 'settings.json'), '{}')
  // The package, and Node with what comes with it.
  const node = dirname(dirname(process.execPath))
  const own = [node, repositoryRoot, root, config, join(claude, 'projects')]
  const isIn = (folders: string[], path: string) =>
    folders.some((one) => path === one || path.startsWith(`${one}/`))
  const isSystem = (path: string) => SYSTEM.some((pattern) => pattern.test(path))
  return {
    ...{server, home, root, claude, env},
    trace: (argv: string[], stdin?: string) =>
      traced([BIN, ...argv], {env, cwd: root, ...(stdin === undefined ? {} : {stdin})}),
    /** What lies outside of everything it may touch. */
    outside: ({read, written}: Traced) => ({
      read: [...read].filter((path) => !isIn(own, path) && !isSystem(path)),
      written: [...written].filter((path) => !isIn([root, config], path) && !isSystem(path)),
    }),
  }
}

const hook = (event: string) => JSON.stringify({hook_event_name: event, session_id: 'own'})

describe.runIf(canTrace)('which files are touched', {timeout: 120_000}, () => {
  it('by pull, push, update, the hooks and the doctor: none but ours; and nobody but the server is asked', async () => {
    const {trace, outside, claude, root, server} = await desk()
    const nothing = {read: [], written: []}
    const table = join(root, 'server/parquet/orders.parquet')
    await rm(table)
    const runs: [argv: string[], stdin?: string][] = [
      [['push', '--dry-run', '--json']],
      [['statusline'], JSON.stringify({session_id: 'own', workspace: {project_dir: root}})],
      [['pull', '--quiet'], hook('SessionStart')],
      [['push', '--quiet'], hook('SessionEnd')],
      [['pull', '--verify', '--json']],
      [['push', '--json']],
      [['update', '--json']],
    ]
    const touched = {
      ...{read: new Set<string>(), written: new Set<string>()},
      connected: new Set<number>(),
    }
    for (const [argv, stdin] of runs) {
      const run = await trace(argv, stdin)
      expect(run.exitCode, `${argv.join(' ')}\n${run.stdout}${run.stderr}`).toBe(0)
      expect({argv, ...outside(run)}).toEqual({argv, ...nothing})
      for (const path of run.read) touched.read.add(path)
      for (const port of run.connected) touched.connected.add(port)
      if (argv[0] === 'statusline') expect([...run.connected]).toEqual([])
      for (const path of run.written) touched.written.add(path)
    }
    expect([...touched.connected]).toEqual([Number(new URL(server.url).port)])
    expect([...touched.read].some((path) => path.endsWith('/own.jsonl'))).toBe(true)
    expect(touched.written).toContain(table)
    expect(touched.written).toContain(join(root, '.claude/agnes/push-ledger.ndjson'))
    const seen = await trace(['doctor', '--json'])
    expect(seen.exitCode).toBe(0)
    expect(outside(seen)).toEqual({read: [join(claude, 'settings.json')], written: []})
  })

  it('is seen, also through a link and by a process left running', async () => {
    const {home, env, root, outside} = await desk()
    const script = `
      const fs = require('node:fs')
      fs.readFileSync('.claude/CLAUDE.local.md')
      const late = \`setTimeout(() => require('node:fs').writeFileSync('../late.txt', ''), 300)\`
      require('node:child_process').spawn(process.execPath, ['-e', late], {detached: true, stdio: 'ignore'}).unref()`
    const run = await traced(['-e', script], {env, cwd: root})
    expect(outside(run)).toEqual({
      read: [join(home, 'elsewhere/notes.md')],
      written: [join(home, 'late.txt')],
    })
  })
})
