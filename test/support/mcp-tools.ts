import {mkdtemp} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'vitest'
import type {Mode, ToolName} from '../../src/lib/mcp/policy.js'
import {startEmbeddedServer, type EmbeddedServer} from './embedded-server.js'
import type {McpProcess} from './mcp-client.js'
import {runCli} from './run-cli.js'
import {removeFolder} from './temp-dir.js'

/** A workspace of the demo's analyst, for the tools of every mode. */
export interface McpDesk {
  home: string
  workspace: string
  server: EmbeddedServer
  /** One that can be granted something. */
  group: string
  /** Of `agnes mcp` in that mode. */
  envOf(mode: Mode): Record<string, string>
  close(): Promise<void>
}

/** For all tests of a file: the caller closes it. */
export async function mcpDesk(): Promise<McpDesk> {
  const home = await mkdtemp(join(tmpdir(), 'agnes-test-mcp-tools-'))
  const workspace = join(home, 'ws')
  const server = await startEmbeddedServer({dir: join(home, 'data'), demo: true, isShared: true})
  const argv = ['init', workspace, '--server-url', server.url, '--token-stdin', '--json']
  const made = await runCli(argv, {env: {HOME: home}, stdin: server.analystToken})
  expect(made.exitCode).toBe(0)
  const groups = await server.call('GET', '/api/admin/groups')
  const group = groups.body.find(({name}: {name: string}) => name !== 'Admin').name
  return {
    ...{home, workspace, server, group},
    envOf(mode) {
      const env = {HOME: home, AGNES_TOKEN_RENEW_DAYS: '0'}
      if (mode !== 'admin') return env
      return {...env, AGNES_TOKEN: server.adminToken, AGNES_SERVER: server.url}
    },
    async close() {
      await server.close()
      await removeFolder(home)
    },
  }
}

const sql = 'SELECT count(*) AS n FROM web_sessions'
const part = {table: 'web_sessions', select: ['device'], where: "country_code = 'CZ'", name: 'cz'}
const wanted = (group: string) => ({action: 'grant', group, resource: 'customer_contacts'})

/** Whom the look is asked of, before the tool that wants one. */
type Asked = Pick<McpProcess, 'ask'>

/** Looks where the rails ask for it, and the same arguments with its handle. */
async function looked(mcp: Asked, look: ToolName, asked: object, input: object = asked) {
  const {handle} = await mcp.ask(look, asked)
  return {...input, handle, reason: 'the table of all tools'}
}

/** How each tool is driven in the workspace of a desk, and where `proof` is found in what it answers. */
export const USES: Record<
  ToolName,
  {input(mcp: Asked, group: string): object | Promise<object>; proof: string}
> = {
  catalog: {input: () => ({search: 'sessions'}), proof: '"scope":"remote"'},
  schema: {input: () => ({table: 'web_sessions'}), proof: '"partitionBy":"event_date"'},
  describe: {input: () => ({table: 'orders', rows: 2}), proof: '"rowColumns":['},
  sample: {input: () => ({table: 'orders', rows: 3}), proof: '"totalRows":'},
  metrics: {input: () => ({id: 'revenue/mrr'}), proof: '"id":"revenue/mrr"'},
  estimate: {input: () => ({sql}), proof: '"handle":"look_'},
  query: {
    input: (mcp) => looked(mcp, 'estimate', {sql}, {sql, scope: 'remote'}),
    proof: '"rows":[[300000]]',
  },
  status: {input: () => ({}), proof: '"signedIn":{'},
  why: {input: () => ({table: 'orders'}), proof: '"verdict":"local"'},
  snapshot_create: {input: (mcp) => looked(mcp, 'estimate', part), proof: '"name":"cz"'},
  snapshot_list: {input: () => ({}), proof: '"snapshots":['},
  snapshot_drop: {
    input: (mcp) => looked(mcp, 'snapshot_list', {name: 'cz'}),
    proof: '"dropped":[{',
  },
  pull: {input: () => ({reason: 'the table of all tools'}), proof: '"ok":true'},
  grant_plan: {input: (_mcp, group) => wanted(group), proof: '"handle":"look_'},
  grant_apply: {
    input: (mcp, group) => looked(mcp, 'grant_plan', wanted(group)),
    proof: '"changes":[',
  },
}
/** In an order in which each has what it needs. */
export const NAMES = Object.keys(USES) as ToolName[]
