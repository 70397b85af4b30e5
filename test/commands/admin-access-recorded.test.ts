import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {fakeToken} from '../support/fake-agnes.js'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer} from '../support/test-server.js'

const LABELS = [
  'admin: list users',
  'admin: list groups',
  'admin: list members',
  'admin: list grants',
  'admin: registry',
  'admin: resource types',
  'metrics: list',
]

/** A server that answers as the recorded one did; what was not recorded is an empty list, or not there. */
async function replay(version: (typeof recordedVersions)[number]) {
  const server = await startTestServer()
  const exchanges = recorded(version)
  for (const label of LABELS) {
    const exchange = exchanges.findLast((one) => one.label === label && one.response.status === 200)
    if (!exchange) throw new Error(`not recorded: ${label}`)
    const [path = ''] = exchange.request.path.split('?')
    const body: unknown = JSON.parse(recordedBytes(exchange.response.body).toString())
    server.json(path, body).optional()
  }
  server
    .on('GET', /^\/api\/admin\/groups\/[^/]+\/members$/, () => ({status: 200, body: []}))
    .optional()
  server
    .on('GET', /^\/(auth\/admin\/tokens|api\/admin\/data-packages)/, () => ({
      ...{status: 404, body: {detail: 'Page not found'}},
    }))
    .optional()
  const home = await tempDir()
  const token = fakeToken({email: 'admin@example.com', exp: 4_000_000_000})
  const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: token}
  const run = (words: string) => runCli(['admin', ...words.split(' ')], {env, currentDir: home})
  return {run, home, server}
}

describe.each(recordedVersions)('access as code with a server of %s', (version) => {
  it('exports it, and plans nothing from its own export, pruned or not', async () => {
    const {run, home, server} = await replay(version)
    const {stdout, exitCode, stderr} = await run('export')
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain('  ann@example.com:\n    name: Ann\n')
    expect(stdout).toContain('  revenue/mrr:\n')
    expect(stdout).not.toContain('agnes_audit')
    await writeFile(join(home, 'access.yaml'), stdout)
    for (const prune of ['', ' --prune']) {
      const {json} = await run(`plan access.yaml${prune} --json`)
      expect(json).toMatchObject({isUpToDate: true, actions: []})
      const said = json.notices.join()
      expect(said.includes('data packages')).toBe(version === 'v0.84.8')
    }
    expect(server.requests.every(({method}) => method === 'GET')).toBe(true)
  })

  it('keeps what the server holds on to, when everything is to go', async () => {
    const {run, home} = await replay(version)
    await writeFile(join(home, 'access.yaml'), 'groups: {}\ntables: {}\ngrants: {}\nmetrics: {}')
    const {json} = await run('plan access.yaml --prune --json')
    const names = (things: {name: string; kind: string}[], kind: string) =>
      things.filter((one) => one.kind === kind).map(({name}) => name)
    expect(names(json.kept, 'group')).toEqual(['Admin', 'Everyone'])
    expect(names(json.actions, 'group')).toEqual(['analysts'])
    const isNew = version === 'v0.84.8'
    expect(names(json.kept, 'table')).toHaveLength(isNew ? 3 : 0)
    expect(names(json.kept, 'grant')).toEqual(
      isNew ? ['agnes-builtin/agnes-operator', 'agnes-builtin/agnes-analyst'] : [],
    )
    expect(names(json.actions, 'metric')).toEqual(['revenue/mrr'])
  })

  it('writes a metric as it was recorded', async () => {
    const {run, home, server} = await replay(version)
    const wanted = recorded(version).find(({label}) => label === 'metrics: create')!
    const sent = JSON.parse(wanted.request.body!.text!) as Record<string, unknown>
    const listed: unknown[] = []
    server.on('GET', '/api/metrics', () => ({
      ...{status: 200, body: {metrics: listed, count: listed.length}},
    }))
    server.on('POST', '/api/admin/metrics', () => {
      const body: unknown = JSON.parse(recordedBytes(wanted.response.body).toString())
      listed.push(body)
      return {status: wanted.response.status, body}
    })
    const {id, name: _name, category: _category, table_name: table, ...fields} = sent
    const metrics = {[String(id)]: {...fields, table}}
    await writeFile(join(home, 'access.yaml'), JSON.stringify({metrics}))
    const {exitCode, stdout} = await run('apply access.yaml --yes')
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('metric\t\t\trevenue/mrr')])
    expect(JSON.parse(String(server.requestsTo('/api/admin/metrics')[0]?.body))).toEqual(sent)
  })

  it('explains what it can, and names what it could not find out', async () => {
    const {run} = await replay(version)
    const {json, exitCode} = await run('why ann@example.com movies --json')
    expect(exitCode).toBe(0)
    const state = (step: string) =>
      json.steps.find((one: {step: string}) => one.step === step).state
    expect(state('account')).toBe('yes')
    expect(state('token')).toBe('unknown')
    // Recorded before she was put into a group; newer servers were not asked for their packages.
    expect(state('grant')).toBe(version === 'v0.48.0' ? 'no' : 'unknown')
  })
})
