import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six']
const urlOf = (name: string) => `https://${name}.example.com`

async function account() {
  const configDir = await tempDir()
  return {
    run: (...argv: string[]) =>
      runCli(['server', ...argv, '--json'], {
        currentDir: configDir,
        env: {HOME: configDir, AGNES_CONFIG_DIR: configDir},
      }),
    settings: () => readFile(join(configDir, 'config.yaml'), 'utf8'),
  }
}

describe('agnes server, several at once', () => {
  it('adds each of them, and makes one the default', async () => {
    const {run, settings} = await account()
    const added = await Promise.all(NAMES.map((name) => run('add', urlOf(name))))
    expect(added.map(({exitCode}) => exitCode)).toEqual(NAMES.map(() => 0))
    const {servers} = (await run('list')).json
    expect(servers.map(({name}: {name: string}) => name).sort()).toEqual([...NAMES].sort())
    const chosen = added.map(({json}) => json).filter(({isDefault}) => isDefault)
    expect(chosen).toHaveLength(1)
    expect(await settings()).toBe(`server: ${chosen[0].url}\n`)
  })

  it('gives a name to one server only', async () => {
    const {run} = await account()
    const added = await Promise.all(NAMES.map((name) => run('add', urlOf(name), '--name', 'work')))
    const codes = added.map(({json}) => json.error?.code ?? 'added')
    expect(codes.sort()).toEqual(['added', ...NAMES.slice(1).map(() => 'server_name_taken')])
  })

  it('forgets one and adds another without either being lost', async () => {
    const {run} = await account()
    await run('add', urlOf('one'))
    await run('add', urlOf('two'))
    await Promise.all([run('remove', 'one'), run('add', urlOf('three')), run('remove', 'two')])
    const {servers} = (await run('list')).json
    expect(servers.map(({name}: {name: string}) => name).filter(Boolean)).toEqual(['three'])
  })
})
