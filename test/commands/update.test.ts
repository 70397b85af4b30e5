import {readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {snapshotTree} from '../support/snapshot-tree.js'
import {tempDir} from '../support/temp-dir.js'

async function stage() {
  const server = await startEmbeddedServer({demo: {scale: 0.01}})
  const home = await tempDir()
  const root = join(home, 'ws')
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.analystToken}
  const run = (argv: string[], tty = false) => runCli(argv, {env, currentDir: root, tty})
  await runCli(['init', root, '--server-url', server.url], {env, currentDir: home})
  await run(['push', '--quiet', '--idle', '0'])
  return {server, root, run}
}

const statesOf = (json: {steps: {name: string; state: string}[]}) =>
  Object.fromEntries(json.steps.map(({name, state}) => [name, state]))
const current = {settings: 'unchanged', texts: 'unchanged', pull: 'unchanged', push: 'unchanged'}

describe('agnes update', () => {
  it('mends everything at once, and has nothing to do the second time', async () => {
    const {root, run} = await stage()
    await rm(join(root, '.claude/settings.json'))
    await rm(join(root, '.claude/commands'), {recursive: true, force: true})
    await rm(join(root, 'CLAUDE.md'))
    await rm(join(root, 'server/parquet/orders.parquet'))
    await writeFile(join(root, '.claude/CLAUDE.local.md'), '# My notes\n')
    const {json, exitCode} = await run(['update', '--json'])
    expect(statesOf(json)).toEqual({
      settings: 'changed',
      texts: 'changed',
      pull: 'changed',
      push: 'changed',
    })
    expect([exitCode, json.isCurrent, json.isCheck]).toEqual([0, false, false])
    expect(await readFile(join(root, 'CLAUDE.md'), 'utf8')).toContain('agnes:begin')
    expect((await stat(join(root, 'server/parquet/orders.parquet'))).size).toBeGreaterThan(0)
    const again = await run(['update', '--json'])
    expect(statesOf(again.json)).toEqual(current)
    expect(again.json.isCurrent).toBe(true)
  })

  it('--check says what is due with 12, and changes nothing', async () => {
    const {root, run} = await stage()
    expect((await run(['update', '--check'])).exitCode).toBe(0)
    await rm(join(root, '.claude/settings.json'))
    const before = await snapshotTree(root)
    const {exitCode, stderr, stdout} = await run(['update', '--check'])
    expect(exitCode).toBe(12)
    expect(stderr).toContain('Not up to date: settings.')
    expect(stdout.split('\n')[0]).toBe('settings\twould_change\t.claude/settings.json created')
    expect(await snapshotTree(root)).toEqual(before)
  })

  it('does the rest when the server is gone, and says what failed', async () => {
    const {root, run, server} = await stage()
    await rm(join(root, '.claude/settings.json'))
    await server.close()
    const {exitCode, json} = await run(['update', '--json'])
    expect(exitCode).toBe(12)
    expect(statesOf(json)).toMatchObject({settings: 'changed', pull: 'failed'})
    expect((await run(['update'], true)).stdout).toContain('Tables and company notes')
  })
})
