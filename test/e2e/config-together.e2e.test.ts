import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startFakeAgnes} from '../support/fake-agnes.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

const NAMES = ['one', 'two', 'three', 'four']

describe('several agnes processes at once', () => {
  it('lose nothing that one of them writes about servers or settings', async () => {
    const home = await tempDir()
    const {origin, token} = await startFakeAgnes()
    const env = {HOME: home, AGNES_NO_KEYCHAIN: '1'}
    const run = async (argv: string[], stdin = '') => {
      const args = [join(repositoryRoot, 'bin/run.js'), ...argv, '--json']
      const {exitCode, stdout, stderr} = await runNode(args, {env, cwd: home, stdin})
      expect([exitCode, stderr]).toEqual([0, ''])
      return JSON.parse(stdout)
    }
    const signIn = ['auth', 'import-token', '--token-stdin', '--server-url', origin]
    await Promise.all([
      ...NAMES.map((name) => run(['server', 'add', `https://${name}.example.com`])),
      run([...signIn, '--store', 'file'], token),
    ])
    const {servers} = await run(['server', 'list'])
    const names = servers.map(({name}: {name: string | null}) => name ?? '')
    expect(names.filter(Boolean).sort()).toEqual([...NAMES].sort())
    const settings = await readFile(join(home, '.config/agnes/config.yaml'), 'utf8')
    expect(settings.split('\n').sort()).toEqual([
      '',
      'credential_store: file',
      expect.stringMatching(/^server: http/),
    ])
  })
})
