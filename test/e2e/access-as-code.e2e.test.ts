import {chmod, copyFile, mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {installedCli} from '../support/installed-cli.js'
import {repositoryRoot} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

/** From an empty server to a working team, by the commands of the page as they stand there. */

const page = await readFile(join(repositoryRoot, 'docs/access-as-code.md'), 'utf8')

function section(title: string): string {
  const [, text] = page.split(`\n## ${title}\n`)
  if (text === undefined) throw new Error(`no section ${title}`)
  return text.split('\n## ', 1)[0]!
}

function blocks(title: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm')
  return [...section(title).matchAll(pattern)].map(([, block]) => block!.trim())
}

interface Person {
  home: string
  /** Runs the lines of a block, one by one, in one shell; what each printed. */
  run(block: string): Promise<Record<string, string>>
}

async function person(cli: string, url: string): Promise<Person> {
  const home = await tempDir()
  const bin = join(home, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'agnes'), `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`)
  await chmod(join(bin, 'agnes'), 0o755)
  const env = {HOME: home, AGNES_NO_KEYCHAIN: '1', PATH: `${bin}:${process.env.PATH}`}
  return {
    home,
    async run(block) {
      const lines = block.replaceAll('http://127.0.0.1:8642', url).split('\n')
      const script = lines.map((line, index) => `${line}\necho "--- ${index}"`).join('\n')
      const outcome = await spawnProcess('sh', ['-e', '-c', script], {env, cwd: home}).ended
      expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0)
      const parts = outcome.stdout.split(/--- \d+\n/)
      return Object.fromEntries(block.split('\n').map((line, index) => [line, parts[index] ?? '']))
    },
  }
}

async function emptyServer(cli: string): Promise<{url: string; adminToken: string}> {
  const home = await tempDir()
  const data = join(home, 'company')
  await mkdir(data)
  await writeFile(join(data, 'orders.csv'), 'id,customer,amount\n1,7,10.5\n2,8,20\n')
  await writeFile(join(data, 'customers.csv'), 'id,name\n7,Eva\n8,Jan\n')
  await writeFile(join(data, 'payroll.csv'), 'person,salary\nana,1\n')
  const args = [cli, 'serve', 'company', '--port', '0', '--json']
  const server = spawnProcess(process.execPath, args, {env: {HOME: home}, cwd: home})
  await server.sees('\n')
  return JSON.parse(server.stdout()) as {url: string; adminToken: string}
}

describe('access as code', () => {
  it('takes an empty server to a working team, by the commands of the page', async () => {
    const cli = await installedCli()
    const {url, adminToken} = await emptyServer(cli)
    const admin = await person(cli, url)
    await writeFile(join(admin.home, 'access.yaml'), blocks('The file', 'yaml')[0]! + '\n')
    await writeFile(join(admin.home, 'admin-token.txt'), adminToken + '\n')
    await writeFile(join(admin.home, 'ana-password.txt'), 'correct horse battery\n')

    const [signIn, makeSo, handOver] = blocks('The administrator', 'sh')
    await admin.run(signIn!)
    const made = await admin.run(makeSo!)
    const planned = made['agnes admin plan access.yaml --out access.plan']!.trim().split('\n')
    expect(planned.map((line) => line.split('\t').slice(0, 2).join(' '))).toEqual([
      ...['create user', 'create user', 'create group', 'create group'],
      ...['create member', 'create member', 'change table', 'change table'],
      ...Array.from({length: 4}, () => 'create grant'),
      'create metric',
    ])
    const applied = made['agnes admin apply access.yaml --plan access.plan']!.trim().split('\n')
    expect(applied.map((line) => line.split('\t')[0])).toEqual(planned.map(() => 'done'))
    expect(made['agnes admin plan access.yaml']).toBe('')
    const why = await admin.run(handOver!)
    expect(why['agnes admin why ana@example.com orders']).toContain('grant\tyes\tSales may read')
    expect(why['agnes admin why ana@example.com payroll']).toContain(
      'agnes admin group add-member Finance ana@example.com',
    )

    const ana = await person(cli, url)
    await copyFile(join(admin.home, 'ana-password.txt'), join(ana.home, 'ana-password.txt'))
    const said = await ana.run(blocks('The analyst', 'sh')[0]!)
    expect(said['agnes query "SELECT sum(amount) AS turnover FROM orders"']).toContain('30.5')
    expect(said['agnes catalog --metrics']).toContain('revenue/turnover')
    expect(said['agnes why orders']).toContain('local\tyes')
    expect(said['agnes why payroll']).toContain('listed\tno')

    const {['agnes query "SHOW TABLES" --format csv']: tables} = await ana.run(
      'cd work\nagnes query "SHOW TABLES" --format csv',
    )
    expect(tables!.trim().split('\n').slice(1).sort()).toEqual(['customers', 'orders'])
  }, 180_000)

  it('shows a file that the page calls complete', () => {
    expect(blocks('The administrator', 'sh')).toHaveLength(3)
    expect(blocks('The analyst', 'sh')).toHaveLength(1)
    expect(blocks('The file', 'yaml')).toHaveLength(1)
  })
})
