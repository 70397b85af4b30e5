import {readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

interface Office {
  server: EmbeddedServer
  home: string
  write(text: string, name?: string): Promise<void>
  run(
    words: string,
    options?: {tty?: boolean; stdin?: string; token?: string},
  ): ReturnType<typeof runCli>
}

async function office(options: {demo?: boolean; hasOrders?: boolean} = {}): Promise<Office> {
  const dir = await tempDir()
  if (options.hasOrders) await writeFile(join(dir, 'orders.csv'), 'id\n1\n')
  const server = await startEmbeddedServer({dir, demo: options.demo ?? false})
  const home = await tempDir()
  return {
    server,
    home,
    write: (text, name = 'access.yaml') => writeFile(join(home, name), text),
    run: (words, {token = server.adminToken, ...others} = {}) => {
      const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: token}
      return runCli(['admin', ...words.split(' ')], {env, currentDir: home, ...others})
    },
  }
}

const TEAM = `
users: {ana@example.com: {name: Ana}}
groups: {sales: {description: They sell, members: [ana@example.com]}}
grants: {sales: {memory_domain: [finance]}}
`

describe('agnes admin export', () => {
  it('writes the demo company so that it can be planned from nothing', async () => {
    const {run, write} = await office({demo: true})
    const {stdout, exitCode, stderr} = await run('export')
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain('# Not in this file: passwords and tokens')
    expect(stdout).toContain('  ana.novak@lipa.example:\n    name: Ana Novak\n')
    expect((await run('export')).stdout).toBe(stdout)
    const {json} = await run('export --json')
    expect(json).toMatchObject({yaml: stdout, counts: {users: 3, metrics: 4}})
    await write(stdout)
    const plan = await run('plan access.yaml --prune --json')
    expect(plan.json).toMatchObject({isUpToDate: true, actions: [], counts: {create: 0, remove: 0}})
    // Of extracts, whatever their folder is called, and of materialized ones without a query.
    await write('tables: {orders: {description: New}, monthly_revenue: {description: New}}')
    expect((await run('apply access.yaml --yes --json')).json).toMatchObject({
      ok: true,
      counts: {done: 2},
    })
  })

  it('is refused to an analyst', async () => {
    const {run, server} = await office()
    const {exitCode, stdout} = await run('export', {token: server.analystToken})
    expect([exitCode, stdout]).toEqual([8, ''])
  })
})

describe('agnes admin plan', () => {
  it('reads as a diff on a terminal, as rows in a pipe', async () => {
    const {run, write} = await office()
    await write(TEAM)
    const seen = await run('plan access.yaml', {tty: true})
    expect(
      seen.stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.trimEnd()),
    ).toEqual([
      '+ user    ana@example.com               name: Ana',
      '+ group   sales                         description: They sell',
      '+ member  sales: ana@example.com',
      '+ grant   sales: memory_domain finance',
      '4 to create.',
      'Nothing was changed yet. Next: agnes admin apply access.yaml',
    ])
    const rows = (await run('plan access.yaml')).stdout.split('\n')
    expect(rows[0]).toBe('create\tuser\t\t\tana@example.com\t{"name":{"from":null,"to":"Ana"}}\t')
    expect(rows[3]).toBe('create\tgrant\tsales\tmemory_domain\tfinance\t{}\t')
    expect((await run('user list --json')).stdout).not.toContain('ana@example.com')
  })

  it('tells what is wrong with a file, by line, and where there is none', async () => {
    const {run, write} = await office()
    await write('users:\n  ana@example.com: {nmae: x}\n')
    const {exitCode, stderr, json} = await run('plan access.yaml --json')
    expect([exitCode, stderr, json.error.code]).toEqual([2, '', 'invalid_access_file'])
    expect(json.error.message).toContain(
      'line 2: user ana@example.com has no key nmae; did you mean name?',
    )
    expect((await run('plan nowhere.yaml')).exitCode).toBe(4)
  })

  it('keeps a plan for nobody else’s eyes', async () => {
    const {run, write, home} = await office()
    await write(TEAM)
    expect((await run('plan access.yaml --out my.plan --json')).json.planFile).toBe(
      join(home, 'my.plan'),
    )
    expect((await stat(join(home, 'my.plan'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(home, 'my.plan'), 'utf8')).toContain('"kind": "agnes-access-plan"')
  })
})

describe('agnes admin apply', () => {
  it('shows the plan and asks; a no changes nothing', async () => {
    const {run, write} = await office()
    await write(TEAM)
    const no = await run('apply access.yaml', {tty: true, stdin: 'n\n'})
    expect([no.exitCode, no.stdout]).toEqual([2, ''])
    expect(no.stderr).toContain('+ user    ana@example.com')
    expect(no.stderr).toContain('Make these 4 changes? [y/N]')
    const yes = await run('apply access.yaml', {tty: true, stdin: 'y\n'})
    expect(yes.exitCode).toBe(0)
    expect(yes.stdout).toContain('4 of 4 changes made')
    expect(yes.stdout).toContain('Read again: the server is as the file says.')
  })

  it('asks nobody in a pipe; with --yes it is done, and done again it is nothing', async () => {
    const {run, write} = await office()
    await write(TEAM)
    const asked = await run('apply access.yaml')
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    const done = await run('apply access.yaml --yes')
    expect(
      done.stdout
        .trim()
        .split('\n')
        .map((row) => row.split('\t')[0]),
    ).toEqual(Array(4).fill('done'))
    expect((await run('apply access.yaml --json')).json).toMatchObject({ok: true, applied: []})
  })

  it('carries out a stored plan or nothing', async () => {
    const {run, write} = await office()
    await write(TEAM)
    await run('plan access.yaml --out my.plan')
    await run('group create other')
    const stale = await run('apply access.yaml --plan my.plan --json')
    expect([stale.exitCode, stale.json.error.code]).toEqual([6, 'stale_plan'])
    expect(stale.json.error.details.moved).toEqual(['group other'])
    await run('plan access.yaml --out my.plan')
    expect((await run('apply access.yaml --plan my.plan')).exitCode).toBe(0)
    expect((await run('apply access.yaml --plan my.plan --json')).json).toMatchObject({
      applied: [],
      ok: true,
    })
    await run('plan access.yaml --out my.plan')
    await write(`${TEAM}\n# another thought`)
    expect((await run('apply access.yaml --plan my.plan')).stderr).toContain('the file access.yaml')
  })

  it('goes on behind what fails, and counts it', async () => {
    const {run, write, server} = await office({hasOrders: true})
    await write(`
groups: {sales: }
tables:
  far: {source_type: bigquery, query_mode: remote}
  orders: {name: renamed}
  near: {description: here}
grants: {sales: {table: [far, near]}}
`)
    const {exitCode, json} = await run('apply access.yaml --yes --json')
    expect(exitCode).toBe(12)
    expect(json).toMatchObject({ok: false, counts: {done: 3, failed: 2, skipped: 1, remaining: 3}})
    const states = json.applied.map((one: any) => `${one.state} ${one.kind} ${one.name}`)
    expect(states).toEqual([
      ...['done group sales', 'failed table far', 'done table near', 'failed table orders'],
      ...['skipped grant far', 'done grant near'],
    ])
    const {stderr, stdout} = await run('apply access.yaml --yes', {tty: true})
    expect(stdout).toContain('0 of 3 changes made')
    expect(stderr).toContain('2 failed and 1 were not tried')
    expect(server.logged).toEqual([])
  })

  it('says what a server took and did not do', async () => {
    const {run, write} = await office({hasOrders: true})
    await write('tables: {orders: {bq_fqn: a.b.c}}')
    const {exitCode, stderr} = await run('apply access.yaml --yes')
    expect(exitCode).toBe(12)
    expect(stderr).toContain('still not as the file says: table orders (bq_fqn)')
  })

  it('locks nobody out', async () => {
    const {run, write} = await office()
    await write('users: {}')
    const {exitCode, json} = await run('apply access.yaml --prune --yes --json')
    expect([exitCode, json.error.code]).toEqual([6, 'last_admin'])
    expect((await run('user list')).exitCode).toBe(0)
  })

  it('switches people off and takes groups with all they had', async () => {
    const {run, write, server} = await office()
    await write(TEAM)
    await run('apply access.yaml --yes')
    await write('users: {admin@localhost: }\ngroups: {}')
    const {json} = await run('apply access.yaml --prune --yes --json')
    expect(json.ok).toBe(true)
    const removed = json.applied.map((one: any) => `${one.verb} ${one.kind} ${one.name}`)
    expect(removed).toContain('remove grant finance')
    expect(removed).toContain('remove user analyst@example.com')
    expect(json.kept.map(({name}: {name: string}) => name)).toEqual(['Admin', 'Everyone'])
    const users = (await server.call('GET', '/api/users')).body
    expect(users.filter(({active}: {active: boolean}) => active)).toHaveLength(1)
    expect(users).toHaveLength(3)
  })
})
