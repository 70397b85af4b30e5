import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {words} from './printed-commands.js'

it('takes an empty server to a working team by the commands of docs/admin.md', async () => {
  const data = await tempDir()
  await writeFile(join(data, 'orders.csv'), 'id,amount\n1,10\n')
  const server = await startEmbeddedServer({dir: data})
  const home = await tempDir()
  await mkdir(join(home, 'metrics/sales'), {recursive: true})
  const yaml = 'name: revenue\ntable: orders\nsql: SELECT sum(amount) FROM orders\n'
  await writeFile(join(home, 'metrics/sales/revenue.yml'), yaml)
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.adminToken}

  const page = await readFile(join(repositoryRoot, 'docs/admin.md'), 'utf8')
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!)
  const commands = blocks.flatMap((block) => block.trim().split('\n'))
  expect(commands.length).toBeGreaterThan(10)
  for (const command of commands) {
    const argv = words(command.replace(/^agnes /, ''))
    const {exitCode, stderr} = await runCli(argv, {env, currentDir: home})
    expect([command, exitCode, stderr]).toEqual([command, 0, ''])
  }

  const {state} = server
  const sales = state.groupByName('sales')!
  const [ann, ben] = ['ann', 'ben'].map((name) => state.userByEmail(`${name}@example.com`)!)
  expect([...state.memberIdsOf(sales.id)]).toEqual([ann!.id])
  expect(ben!.active).toBe(false)
  expect(state.isGranted(sales.id, 'table', 'orders')).toBe(true)
  expect(state.get('metrics', 'sales/revenue')?.document.table_name).toBe('orders')
  const copy = await readFile(join(home, 'copy/sales/revenue.yml'), 'utf8')
  expect(copy).toContain('table: orders')
})
