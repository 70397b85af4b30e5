import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {Parser, type Command} from '@oclif/core'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {fakeToken} from '../support/fake-agnes.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {startTestServer} from '../support/test-server.js'
import {tempDir} from '../support/temp-dir.js'
import {words} from '../docs/printed-commands.js'

const ANA = 'ana.novak@lipa.example'
let server: EmbeddedServer
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-why-'))
  server = await startEmbeddedServer({dir, demo: true, isShared: true})
})

afterAll(async () => {
  await server.close()
  await rm(dir, {recursive: true, force: true})
})

async function asAdmin(argv: string[], options: {tty?: boolean} = {}) {
  const home = await tempDir()
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.adminToken}
  return runCli(argv, {env, currentDir: home, ...options})
}

async function analyst(token = server.analystToken) {
  const home = await tempDir()
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: token}
  return {
    home,
    run: (argv: string[], options: {tty?: boolean; currentDir?: string} = {}) =>
      runCli(argv, {env, currentDir: home, ...options}),
  }
}

/** What is wrong with a command that somebody is told to type; `undefined` when it can be typed. */
async function wrongWith(fix: string): Promise<string | undefined> {
  const [agnes, ...argv] = words(fix)
  if (agnes !== 'agnes') return 'does not begin with agnes'
  for (let length = argv.length; length > 0; length--) {
    const path = join(repositoryRoot, 'src/commands', ...argv.slice(0, length)) + '.ts'
    if (!existsSync(path)) continue
    const {default: command} = (await import(path)) as {default: Command.Class}
    const {flags, args, strict} = command
    return Parser.parse(argv.slice(length), {flags, args, strict} as never).then(
      () => undefined,
      (error: Error) => error.message,
    )
  }
  return 'no such command'
}

async function expectFixesToParse(steps: {fix: string | null}[]) {
  for (const {fix} of steps)
    if (fix !== null) expect([fix, await wrongWith(fix)]).toEqual([fix, undefined])
}

const stepsOf = (result: {steps: {step: string; state: string; fix: string | null}[]}) =>
  Object.fromEntries(result.steps.map(({step, state}) => [step, state]))

describe('agnes admin why', () => {
  it('names the groups that let somebody read a table', async () => {
    const {json, exitCode} = await asAdmin(['admin', 'why', ANA, 'orders', '--json'])
    expect(exitCode).toBe(0)
    expect(json).toMatchObject({user: ANA, table: 'orders', verdict: 'pull'})
    expect(stepsOf(json)).toMatchObject({
      account: 'yes',
      groups: 'yes',
      grant: 'yes',
      local: 'unknown',
    })
    await expectFixesToParse(json.steps)
  })

  it('says which command would give what is missing, and it does', async () => {
    const {json} = await asAdmin(['admin', 'why', ANA, 'payroll', '--json'])
    expect(json).toMatchObject({verdict: 'none', summary: `${ANA} cannot read payroll.`})
    const {fix, what} = json.steps.find(({step}: {step: string}) => step === 'grant')
    expect(what).toContain('Finance')
    expect(fix).toBe(`agnes admin group add-member Finance ${ANA}`)
    await expectFixesToParse(json.steps)
    expect((await asAdmin(words(fix).slice(1))).exitCode).toBe(0)
    expect((await asAdmin(['admin', 'why', ANA, 'payroll', '--json'])).json.verdict).not.toBe(
      'none',
    )
    await asAdmin(['admin', 'group', 'remove-member', 'Finance', ANA, '--yes'])
  })

  it('sees an account that is switched off', async () => {
    await asAdmin(['admin', 'user', 'create', 'off@example.com'])
    await asAdmin(['admin', 'user', 'deactivate', 'off@example.com', '--yes'])
    const {json} = await asAdmin(['admin', 'why', 'off@example.com', 'orders', '--json'])
    expect(json.verdict).toBe('none')
    expect(stepsOf(json)).toMatchObject({account: 'no', groups: 'no', grant: 'no'})
    await expectFixesToParse(json.steps)
  })

  it('shows the chain on a terminal and as rows in a pipe', async () => {
    const {stdout} = await asAdmin(['admin', 'why', ANA, 'payroll'], {tty: true})
    expect(stdout).toContain(`${ANA} cannot read payroll.`)
    expect(stdout).toContain('An administrator can')
    const rows = (await asAdmin(['admin', 'why', ANA, 'payroll'])).stdout.trim().split('\n')
    for (const row of rows) expect(row.split('\t').length).toBe(5)
  })

  it('refuses a table nobody has, with the nearest name', async () => {
    const unknown = await asAdmin(['admin', 'why', ANA, 'paryoll'])
    expect(unknown.exitCode).toBe(4)
    expect(unknown.stderr).toContain('payroll')
  })

  it('is refused to an analyst', async () => {
    const {run} = await analyst()
    expect((await run(['admin', 'why', ANA, 'orders'])).exitCode).toBe(8)
  })
})

describe('agnes why', () => {
  it('knows a table that waits, then one that is pulled', async () => {
    const {home, run} = await analyst()
    const before = (await run(['why', 'orders', '--json'])).json
    expect(before).toMatchObject({verdict: 'pull', user: ANA, server: server.url})
    expect(stepsOf(before)).toMatchObject({
      token: 'yes',
      grant: 'yes',
      listed: 'yes',
      local: 'unknown',
    })
    const ws = join(home, 'ws')
    expect((await run(['init', ws, '--server-url', server.url, '--no-pull'])).exitCode).toBe(0)
    const waiting = (await run(['why', 'orders', '--json'], {currentDir: ws})).json
    const fix = waiting.steps.find(({step}: {step: string}) => step === 'local').fix
    expect(fix).toBe('agnes pull --table orders')
    await run(['pull', '--table', 'orders'], {currentDir: ws})
    const after = (await run(['why', 'orders', '--json'], {currentDir: ws})).json
    expect(after).toMatchObject({verdict: 'local', summary: 'orders answers from this disk.'})
    await expectFixesToParse([...before.steps, ...waiting.steps, ...after.steps])
  })

  it.each(['web_sessions', 'customer_contacts'])(
    'says that %s stays on the server',
    async (table) => {
      const {run} = await analyst()
      const {json} = await run(['why', table, '--json'])
      expect(json.verdict).toBe('remote')
      expect(stepsOf(json)).toMatchObject({grant: 'yes', mode: 'yes'})
    },
  )

  it('tells no difference between what is withheld and what is not there', async () => {
    const {run} = await analyst()
    const said = async (table: string) => {
      const {json, exitCode} = await run(['why', table, '--json'])
      return [exitCode, JSON.stringify({...json, warnings: []}).replaceAll(table, 'X')]
    }
    expect(await said('payroll')).toEqual(await said('nosuchtab'))
  })

  it('says how to sign in', async () => {
    const home = await tempDir()
    const env = {HOME: home, AGNES_SERVER: server.url}
    const {json, exitCode} = await runCli(['why', 'orders', '--json'], {env, currentDir: home})
    expect([exitCode, json.verdict]).toEqual([0, 'unknown'])
    expect(json.steps[0]).toMatchObject({
      ...{step: 'token', state: 'no'},
      fix: `agnes auth login --server-url ${server.url}`,
    })
    await expectFixesToParse(json.steps)
    const refused = await analyst(fakeToken({email: ANA, exp: 4_000_000_000}))
    const answer = (await refused.run(['why', 'orders', '--json'])).json
    expect(answer).toMatchObject({verdict: 'unknown', steps: [{step: 'token', state: 'no'}, {}]})
    const old = await analyst(fakeToken({email: ANA, exp: 1_000_000_000}))
    expect((await old.run(['why', 'orders', '--json'])).json.steps[0].what).toContain('ended')
  })

  it('concludes nothing from a server that is not there', async () => {
    const gone = await startTestServer()
    const {origin} = gone
    await gone.close()
    const home = await tempDir()
    const env = {HOME: home, AGNES_SERVER: origin, AGNES_TOKEN: fakeToken({email: ANA})}
    const {json} = await runCli(['why', 'orders', '--json'], {env, currentDir: home})
    expect(json.verdict).toBe('unknown')
    expect(stepsOf(json)).toMatchObject({grant: 'unknown', listed: 'unknown'})
  })

  it('does not tell administrators that a table may not be theirs to see', async () => {
    const {json} = await asAdmin(['why', 'no_such', '--json'])
    const listed = json.steps.find(({step}: {step: string}) => step === 'listed')
    expect(listed).toMatchObject({state: 'no', fix: 'agnes admin table list'})
    expect(listed.what).toContain('there is none, or this token shows your own stack only')
    const {run} = await analyst()
    const hers = (await run(['why', 'no_such', '--json'])).json
    expect(hers.steps.find(({step}: {step: string}) => step === 'listed')).toMatchObject({
      ...{fix: 'agnes catalog', what: expect.stringContaining('it is not yours to see')},
    })
  })

  it('cannot be made to print a command or an escape of a name', async () => {
    const {run} = await analyst()
    const {stdout} = await run(['why', 'x;rm\u001B[2J'], {tty: true})
    expect(stdout).not.toContain('\u001B[2J')
    const {json} = await run(['why', 'x; rm -rf', '--json'])
    expect(json.steps.flatMap(({fix}: {fix: string | null}) => fix ?? []).join()).not.toContain(
      'rm',
    )
  })
})
