import {link, symlink, truncate, utimes} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {tempWorkspace, type TempWorkspace} from '../support/temp-workspace.js'

const PARTIALS = '.claude/agnes/partials'

async function place(): Promise<TempWorkspace> {
  const workspace = await tempWorkspace({
    tables: {orders: 'x'.repeat(1500), events: {'month=1/a.parquet': 'y'.repeat(500)}},
  })
  const {write, root} = workspace
  await write('user/snapshots/top.parquet', 'z'.repeat(300))
  await write('user/duckdb/analytics.duckdb', 'd'.repeat(40))
  await write('.claude/rules/km_1.md', 'note')
  await write('report.csv', 'a,b\n')
  await write(`${PARTIALS}/${'0'.repeat(32)}.part`, 'p'.repeat(70))
  await write('server/parquet/mine.parquet', 'mine')
  await write('.claude/agnes/sync_state.json.0123456789ab.tmp', '{}')
  const old = new Date(Date.now() - 3_600_000)
  await utimes(join(root, '.claude/agnes/sync_state.json.0123456789ab.tmp'), old, old)
  return workspace
}

const run = (argv: string[], {home, root}: TempWorkspace, tty = false) =>
  runCli(['disk-info', ...argv], {tty, env: {HOME: home}, currentDir: root})

describe('agnes disk-info', () => {
  it('counts the bytes of each kind and what can be freed', async () => {
    const {json, exitCode} = await run(['--json'], await place())
    expect(exitCode).toBe(0)
    expect(Object.keys(json)).toEqual(['workspace', 'kinds', 'total', 'freeBytes', 'reclaimable'])
    const kinds = json.kinds.map(({kind, bytes, files}: any) => [kind, bytes, files])
    expect(kinds.filter(([kind]: string[]) => kind !== 'state' && kind !== 'other')).toEqual([
      ['tables', 2004, 3],
      ['snapshots', 300, 1],
      ['catalog', 40, 1],
      ['partials', 70, 1],
      ['notes', 4, 1],
    ])
    expect(json.total.bytes).toBe(kinds.reduce((sum: number, [, bytes]: any) => sum + bytes, 0))
    expect(json.freeBytes).toBeGreaterThan(0)
    expect(json.reclaimable).toEqual([
      {what: 'leftovers', files: 1, bytes: 2, command: 'agnes verify --repair'},
      {what: 'unfinished', files: 1, bytes: 70, command: 'agnes pull'},
      {what: 'unowned', files: 1, bytes: 4, command: null},
    ])
  })

  it('reads well on a terminal', async () => {
    const {stdout} = await run([], await place(), true)
    expect(stdout).toMatch(/Published tables +2\.0 kB +3 +server\/parquet\n/)
    expect(stdout).toMatch(/Free on the disk +[\d.]+ [kMGTP]B/)
    expect(stdout).toContain('To free them: agnes verify --repair')
  })

  it('gives exact bytes, one kind a line, in a pipe', async () => {
    const {stdout} = await run([], await place())
    expect(stdout).toMatch(/^tables\t2004\t\d+\t3\tserver\/parquet\n/)
    expect(stdout).toContain('\nreclaimable_unfinished\t70\t1\tagnes pull\n')
  })

  it('tells sparse files from full ones, and does not follow links', async () => {
    const workspace = await place()
    const {root} = workspace
    await workspace.write('sparse', '')
    await truncate(join(root, 'sparse'), 5_000_000)
    await symlink('/usr', join(root, 'link-to-much'))
    await symlink(root, join(root, 'loop'))
    const alone = (await run(['--json'], workspace)).json
    await link(join(root, 'report.csv'), join(root, 'hard.csv'))
    const {json} = await run(['--json'], workspace)
    expect(json.total.allocatedBytes).toBe(alone.total.allocatedBytes)
    expect(json.total.bytes).toBe(alone.total.bytes + 4)
    expect(json.total.bytes).toBeGreaterThan(5_000_000)
    expect(json.total.bytes).toBeLessThan(5_010_000)
    expect(json.total.allocatedBytes).toBeLessThan(1_000_000)
  })

  it('has the same exit code in text and JSON without a workspace', async () => {
    const dir = await tempDir()
    const text = await runCli(['disk-info'], {env: {HOME: dir}, currentDir: dir})
    const json = await runCli(['disk-info', '--json'], {env: {HOME: dir}, currentDir: dir})
    expect([text.exitCode, json.exitCode, json.json.error.code]).toEqual([4, 4, 'no_workspace'])
  })
})
