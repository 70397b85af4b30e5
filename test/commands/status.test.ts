import {rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {fakeToken} from '../support/fake-agnes.js'
import {FakeClock} from '../support/fake-clock.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {tempWorkspace, type TempWorkspace} from '../support/temp-workspace.js'

const SERVER = 'https://agnes.example.com'
const NOW = '2026-01-31T12:00:00Z'

async function place(): Promise<TempWorkspace> {
  return tempWorkspace({
    tables: {
      orders: 'PAR1....PAR1',
      events: {'month=1/a.parquet': 'one', 'month=2/a.parquet': 'two'},
    },
    state: {
      lastSuccessAt: '2026-01-31T09:00:00.000Z',
      listed: [{name: 'web\u001B[2Jevents', queryMode: 'remote', reason: 'remote'}],
    },
  })
}

const run = (
  argv: string[],
  {home, root}: TempWorkspace,
  options: {tty?: boolean; env?: object} = {},
) =>
  runCli(['status', ...argv], {
    tty: options.tty ?? false,
    env: {HOME: home, ...options.env},
    currentDir: root,
    clock: new FakeClock(Date.parse(NOW)),
  })

describe('agnes status', () => {
  it('gives the same exit code in text and JSON when there is no workspace', async () => {
    const dir = await tempDir()
    const text = await runCli(['status'], {env: {HOME: dir}, currentDir: dir})
    const json = await runCli(['status', '--json'], {env: {HOME: dir}, currentDir: dir})
    expect([text.exitCode, json.exitCode]).toEqual([4, 4])
    expect(json.json.error.code).toBe('no_workspace')
    expect(text.stderr).toContain('agnes init')
  })

  it('answers in JSON with these fields', async () => {
    const {json, exitCode} = await run(['--json'], await place())
    expect(exitCode).toBe(0)
    expect(Object.keys(json)).toEqual([
      'workspace',
      'checkedAt',
      'foundBy',
      'isInitialized',
      'server',
      'signedIn',
      'credentialProblem',
      'lastSuccessAt',
      'lastAttempt',
      'stateDamage',
      'tables',
      'listed',
      'catalogBehind',
      'snapshots',
      'hooks',
      'advice',
    ])
    expect(json).toMatchObject({
      foundBy: 'folder',
      server: SERVER,
      signedIn: null,
      hooks: 'missing',
      isInitialized: true,
    })
    expect(
      json.tables.map(({name, state}: {name: string; state: string}) => [name, state]),
    ).toEqual([
      ['events', 'ok'],
      ['orders', 'ok'],
    ])
    expect(json.advice[0]).toBe(
      `Nobody is signed in. Run: agnes init --server-url ${SERVER} --token-stdin`,
    )
  })

  it('reads well on a terminal', async () => {
    const {stdout} = await run([], await place(), {
      tty: true,
      env: {AGNES_TOKEN: fakeToken(), AGNES_SERVER: SERVER},
    })
    expect(stdout).toContain('Signed in  ana@example.com, until 2030-03-17 (environment)')
    expect(stdout).toContain('Last pull  3 hours ago')
    expect(stdout).toMatch(/orders +ok +10 +12 B +3 hours ago +2026-01-30T04:00:00/)
    expect(stdout).toContain('webevents')
    expect(stdout).toContain('2 tables, 18 B')
    expect(stdout).not.toContain('\u001B[2J')
  })

  it('gives one fact a line in a pipe', async () => {
    const workspace = await place()
    const {stdout} = await run([], workspace)
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`workspace\t${workspace.root}\tfolder`)
    expect(lines).toContain(
      'table\torders\tok\t10\t12\t2026-01-31T09:00:00.000Z\t2026-01-30T04:00:00',
    )
    expect(lines).toContain('listed\twebevents\tremote')
  })

  it('tells files that are gone or changed, and what to do', async () => {
    const workspace = await place()
    await rm(join(workspace.root, 'server/parquet/events/month=2/a.parquet'))
    await writeFile(join(workspace.root, 'server/parquet/orders.parquet'), 'shorter')
    const {json} = await run(['--json'], workspace)
    expect(json.tables.map(({state}: {state: string}) => state)).toEqual(['missing', 'changed'])
    expect(json.advice).toContain(
      '2 tables are not as installed. Check and mend: agnes verify --repair',
    )
  })

  it('says that the state is damaged instead of failing', async () => {
    const workspace = await place()
    await workspace.write('.claude/agnes/sync_state.json', '{"tables": ')
    const {json, exitCode} = await run(['--json'], workspace)
    expect(exitCode).toBe(0)
    expect(json.stateDamage).toEqual(expect.any(String))
    expect(json.tables).toEqual([])
  })

  it('says that the credentials are unusable instead of failing', async () => {
    const workspace = await place()
    await workspace.write('../.config/agnes/credentials.json', '{')
    const {json, exitCode} = await run(['--json'], workspace)
    expect(exitCode).toBe(0)
    expect(json.credentialProblem).toContain('credentials.json')
  })

  it.each([
    ['expired', '2026-01-01T00:00:00Z', 'has expired'],
    ['near its end', '2026-02-03T18:00:00Z', 'expires in 3 days'],
    ['at its end', '2026-01-31T16:30:00Z', 'expires in 5 hours'],
  ])('warns of a token that is %s', async (_name, end, advice) => {
    const env = {AGNES_TOKEN: fakeToken({exp: Date.parse(end) / 1000}), AGNES_SERVER: SERVER}
    const {json} = await run(['--json'], await place(), {env})
    expect(json.advice.join('\n')).toContain(advice)
  })

  it('does not count AGNES_TOKEN for a server that only the folder names', async () => {
    const {json} = await run(['--json'], await place(), {env: {AGNES_TOKEN: fakeToken()}})
    expect(json.signedIn).toBeNull()
  })

  it('counts AGNES_TOKEN for a server this account has chosen', async () => {
    const workspace = await place()
    await workspace.write('../.config/agnes/config.yaml', `server: ${SERVER}/\n`)
    const {json} = await run(['--json'], workspace, {env: {AGNES_TOKEN: fakeToken()}})
    expect(json.signedIn).toMatchObject({store: 'environment', email: 'ana@example.com'})
  })
})

it.each([
  ['in a pipe', {tty: false}, []],
  ['under --json', {tty: true}, ['--json']],
] as const)('does not draw a live view %s, and says what to do', async (_where, options, flags) => {
  const {home, root} = await tempWorkspace()
  const run = await runCli(['status', '--watch', '--workspace', root, ...flags], {
    ...options,
    env: {HOME: home},
    currentDir: home,
  })
  expect(run.exitCode).toBe(2)
  expect(run.stdout + run.stderr).toContain('agnes daemon status --json')
  expect(run.stdout + run.stderr).not.toContain('\u001B[?1049h')
})
