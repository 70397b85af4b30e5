import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {installedCli} from '../support/installed-cli.js'
import {runNode} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

it('answers to the names of the reference client, typed in a shell', async () => {
  const [cli, home, dir] = [await installedCli(), await tempDir(), await tempDir()]
  await writeFile(join(dir, 'orders.csv'), 'id\n1\n')
  const server = await startEmbeddedServer({dir})
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.adminToken}
  const admin = async (words: string, stdin = '') => {
    const argv = [cli, 'admin', ...words.split(' ')]
    const {exitCode, stdout, stderr} = await runNode(argv, {env, cwd: home, stdin})
    expect([words, exitCode, stderr]).toEqual([words, 0, ''])
    return stdout
  }
  expect(await admin('add-user eve@example.com --name Eve')).toMatch(/^created\tuser\t/)
  await admin('set-password eve@example.com --password-stdin', 'correct horse\n')
  expect(await admin('list-users')).toContain('eve@example.com')
  expect(await admin('deactivate eve@example.com --yes')).toMatch(/^deactivated\tuser\t/)
  expect(await admin('activate eve@example.com')).toMatch(/^activated\tuser\t/)
  expect(await admin('remove-user eve@example.com --yes')).toMatch(/^deleted\tuser\t/)
  await admin('register-table later --source-type local')
  await admin('update-table later --description Soon')
  expect(await admin('list-tables')).toMatch(/^later\t.*Soon/m)
  await admin('unregister-table later --yes')
  expect(await admin('grant resource-types')).toContain('table\tTables')
  expect(await admin('activity --limit 1')).toMatch(/\n$/)

  const help = await runNode([cli, 'admin', 'list-users', '--help'], {env, cwd: home})
  expect([help.exitCode, help.stdout]).toEqual([
    0,
    expect.stringContaining('agnes admin user list'),
  ])
}, 120_000)
