import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {expect} from 'vitest'
import {claudeHome, type ClaudeCode} from './claude-code.js'
import {startEmbeddedServer, type EmbeddedServer} from './embedded-server.js'
import {startMessagesApi, type Reply} from './messages-api.js'
import {repositoryRoot} from './run-cli.js'
import {tempDir} from './temp-dir.js'

/** A workspace made by `agnes init`, its server in this process, the real client beside it. */
export async function claudeDesk(client: ClaudeCode, script: readonly Reply[] = []) {
  const home = await tempDir()
  const data = join(home, 'data')
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(data, path)), {recursive: true})
    await writeFile(join(data, path), text)
  }
  await write('orders.csv', 'id,amount\n1,10\n2,20\n')
  const server = await startEmbeddedServer({dir: data})
  await server.grant('orders')
  const api = await startMessagesApi(script)
  const programs = {
    claude: client.program,
    agnes: join(repositoryRoot, 'bin/run.js'),
    apiUrl: api.url,
  }
  const {env, claude, agnes} = await claudeHome(home, programs)
  const init = ['init', 'ws', '--server-url', server.url, '--token-stdin', '--json']
  const made = await agnes(home, init, await lastingToken(server))
  expect([made.exitCode, made.stderr]).toEqual([0, ''])
  const workspace = join(home, 'ws')
  return {
    server,
    api,
    env,
    workspace,
    write,
    ask: (...args: string[]) => claude(workspace, '-p', ...args),
    agnes: (...args: string[]) => agnes(workspace, args),
    json: async (...args: string[]) => {
      const {exitCode, stdout, stderr} = await agnes(workspace, [...args, '--json'])
      expect([stdout, exitCode, stderr]).toEqual([stdout, 0, ''])
      return JSON.parse(stdout)
    },
    /** Names and texts of the transcripts on the server. */
    sent: () => transcripts(server),
  }
}

export type ClaudeDesk = Awaited<ReturnType<typeof claudeDesk>>

/** One that expires so late that nobody is told. */
async function lastingToken({state, issuer}: EmbeddedServer): Promise<string> {
  const analyst = state.userByEmail('analyst@example.com')!
  const days90 = {name: 'desk', scope: 'general', seconds: 90 * 86_400}
  const {token, row} = issuer.personal(analyst, days90)
  await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  return token
}

async function transcripts({dir}: EmbeddedServer): Promise<string[]> {
  const uploads = join(dir, 'uploads')
  const names = await readdir(uploads, {recursive: true}).catch(() => [])
  const found = names.filter((name) => name.endsWith('.jsonl'))
  return Promise.all(found.map((name) => readFile(join(uploads, name), 'utf8')))
}
