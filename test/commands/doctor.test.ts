import {chmod, mkdir, readFile, rm, symlink, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {createContext, withOverrides} from '../../src/lib/context.js'
import {readEnv} from '../../src/lib/config/env.js'
import {openDoctor, type Surroundings} from '../../src/lib/doctor/open-doctor.js'
import {seeDoctor} from '../../src/lib/doctor/see-doctor.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

async function stage() {
  const server = await startEmbeddedServer({demo: {scale: 0.01}})
  const home = await tempDir()
  const root = join(home, 'ws')
  const env: Record<string, string> = {
    HOME: home,
    AGNES_TOKEN_RENEW_DAYS: '0',
    AGNES_NO_KEYCHAIN: '1',
  }
  const run = (argv: string[], more: {tty?: boolean; stdin?: string} = {}) =>
    runCli(argv, {env, currentDir: root, ...more})
  const init = ['init', root, '--server-url', server.url, '--token-stdin']
  expect((await run(init, {stdin: `${server.analystToken}\n`})).exitCode).toBe(0)
  /** With parts of the computer replaced that no test may break. */
  const examine = (surroundings: Surroundings, nowMs?: number) =>
    withOverrides(
      {
        env: readEnv(env),
        currentDir: root,
        ...(nowMs === undefined
          ? {}
          : {clock: {...createContext().clock, now: () => nowMs, monotonicMs: () => 0}}),
      },
      async () => {
        const context = createContext()
        const found = await context.findWorkspace(undefined)
        const {signal} = new AbortController()
        const open = () => openDoctor(context, found, surroundings)
        return seeDoctor(open, {workspace: root, isFix: false}, signal)
      },
    )
  const lines = async (argv: string[] = []) => {
    const {json, exitCode} = await run(['doctor', '--json', ...argv])
    const checks = (json.checks ?? []) as {id: string; state: string; mend: string | null}[]
    return {exitCode, checks: new Map(checks.map((check) => [check.id, check])), json}
  }
  return {server, home, root, env, run, lines, examine}
}

describe('agnes doctor', () => {
  it('is green in a workspace that is as it should be', async () => {
    const {lines, run} = await stage()
    const {exitCode, checks, json} = await lines()
    const states = [...checks.values()].filter(({id}) => id !== 'path').map(({state}) => state)
    expect(new Set(states)).toEqual(new Set(['ok']))
    expect([exitCode, json.ok, json.fixed]).toEqual([0, true, []])
    expect((await run(['doctor'], {tty: true})).stdout).toMatch(/ok {4}Server +http/)
    const rows = (await run(['doctor'])).stdout.trimEnd().split('\n')
    expect(rows.map((row) => row.split('\t')[0])).toEqual([...checks.keys()])
  })

  it('--fix mends all that agnes can mend, at once', async () => {
    const place = await stage()
    await rm(join(place.root, '.claude/settings.json'))
    await truncate(join(place.root, 'server/parquet/orders.parquet'), 10)
    const {exitCode, json} = await place.lines(['--fix'])
    expect([exitCode, json.ok]).toEqual([0, true])
    expect(json.fixed.map(({command}: {command: string}) => command).sort()).toEqual([
      'agnes hooks install',
      'agnes verify --repair',
    ])
  })

  it('--fix says what it could not mend', async () => {
    const place = await stage()
    await truncate(join(place.root, 'server/parquet/orders.parquet'), 10)
    const published = place.server.store.byName('orders')!.file!
    await rm(published)
    const {exitCode, json} = await place.lines(['--fix'])
    expect(exitCode).toBe(10)
    expect(json.fixed).toEqual([
      {command: 'agnes verify --repair', error: expect.stringMatching(/^orders: /)},
    ])
  })

  it('sees a server that is gone, and skips what needs it', async () => {
    const place = await stage()
    await place.server.close()
    const {exitCode, checks} = await place.lines()
    expect(['server', 'clock', 'token'].map((id) => checks.get(id)?.state)).toEqual([
      'fail',
      'skip',
      'skip',
    ])
    expect(exitCode).toBe(9)
  })

  it('sees an old Node, a clock that is wrong, and hooks disabled for the whole computer', async () => {
    const {examine, home, root} = await stage()
    const managedFolder = join(home, 'managed')
    const good = {nodeVersion: 'v20.19.0', managedFolder}
    const stateOf = async (id: string, ...args: Parameters<typeof examine>) => {
      const {report} = await examine(...args)
      const {state, who} = report.checks.find((check) => check.id === id)!
      return `${state} ${who}`
    }
    expect(await stateOf('node', {...good, nodeVersion: 'v18.20.0'})).toBe('fail you')
    expect(await stateOf('node', good)).toBe('ok you')
    expect(await stateOf('clock', good, Date.now() + 20 * 60_000)).toBe('fail you')
    expect(await stateOf('clock', good, Date.now() - 5 * 60_000)).toBe('warn you')
    expect(await stateOf('hooks', good)).toBe('ok you')
    await mkdir(managedFolder)
    const managed = join(managedFolder, 'managed-settings.json')
    await writeFile(managed, '{"disableAllHooks": true}')
    expect(await stateOf('hooks', good)).toBe('fail admin')
    await rm(managed)
    const settings = join(root, '.claude/settings.json')
    const hooks = await readFile(settings, 'utf8')
    await writeFile(settings, hooks.replace('{', '{"disableAllHooks": true,'))
    const disabled = await examine(good)
    const line = disabled.report.checks.find(({id}) => id === 'hooks')
    expect([line?.state, line?.who]).toEqual(['fail', 'you'])
    expect(line?.mend).toContain(`Take that setting out of ${settings}`)
    await writeFile(settings, hooks)
    expect(await stateOf('hooks', good)).toBe('ok you')
  })

  it('sees a disk that is full or nearly so, and says what a person does', async () => {
    const {examine, home} = await stage()
    const disk = async (free: number) => {
      const surroundings = {nodeVersion: 'v20.19.0', managedFolder: join(home, 'managed')}
      const {report, failure} = await examine({...surroundings, freeBytes: async () => free})
      const line = report.checks.find(({id}) => id === 'disk')!
      return [line.state, failure?.exitCode ?? 0, line.mend?.includes('Free some space') ?? false]
    }
    expect(await disk(1 << 20)).toEqual(['fail', 14, true])
    expect(await disk(500 << 20)).toEqual(['warn', 0, true])
    expect(await disk(2 ** 40)).toEqual(['ok', 0, false])
  })

  it('sees that the command is not on PATH, or another one, and that it is', async () => {
    const {lines, env, home} = await stage()
    const bin = join(home, 'bin')
    await mkdir(bin)
    env.PATH = bin
    const path = async () => (await lines()).checks.get('path')
    expect(await path()).toMatchObject({state: 'warn', mend: 'npm install --global agnes-cli'})
    await writeFile(join(bin, 'agnes'), '#!/bin/sh\n')
    await chmod(join(bin, 'agnes'), 0o755)
    expect(await path()).toMatchObject({state: 'warn'})
    await rm(join(bin, 'agnes'))
    await symlink(join(repositoryRoot, 'bin/run.js'), join(bin, 'agnes'))
    expect(await path()).toMatchObject({state: 'ok'})
  })

  it('gives the same exit code in text when there is no workspace', async () => {
    const home = await tempDir()
    const {exitCode, stderr} = await runCli(['doctor'], {env: {HOME: home}, currentDir: home})
    expect(exitCode).toBe(4)
    expect(stderr).toContain('agnes init')
  })
})
