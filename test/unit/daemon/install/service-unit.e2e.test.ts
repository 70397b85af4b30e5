import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {XMLParser, XMLValidator} from 'fast-xml-parser'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../../src/lib/adapters/system-random.js'
import {
  installService,
  uninstallService,
} from '../../../../src/lib/daemon/install/install-service.js'
import {tempDir} from '../../../support/temp-dir.js'

const run = promisify(execFile)
const never = new AbortController().signal
const root = new URL('../../../..', import.meta.url).pathname

/** Programs are written down instead of run: no test enables a service on this computer. */
async function world(platform: string, {exitCode = 0, folder = 'plain'} = {}) {
  const home = join(await tempDir(), folder)
  const calls: string[][] = []
  const programs = {
    async run(program: string, args: readonly string[]) {
      calls.push([program, ...args])
      return {exitCode, stdout: '', stderr: exitCode === 0 ? '' : 'Failed to connect to bus'}
    },
  }
  const filesAt = (path: string) => new NodeFiles(path, systemRandom)
  const facts = {
    platform,
    node: process.execPath,
    script: join(root, 'bin', 'run.js'),
    configDir: join(home, '.config', 'agnes'),
    home,
    xdgConfigHome: undefined,
    user: 'ana',
    uid: 501,
  }
  const deps = {facts, shipped: filesAt(root), filesAt, programs: async () => programs}
  return {deps, calls, home}
}

describe('the systemd user unit', () => {
  it.each(['plain', 'with space', 'per%cent$ and "quotes"'])(
    'passes systemd-analyze verify in a folder named %j',
    async (folder) => {
      const {deps, calls} = await world('linux', {folder})
      const {path} = await installService(deps, never)
      expect(calls).toEqual([
        ['systemctl', '--user', 'daemon-reload'],
        ['systemctl', '--user', 'enable', '--now', 'agnes-daemon.service'],
      ])
      const copy = join(await tempDir(), 'agnes-daemon.service')
      await writeFile(copy, await readFile(path))
      const {stderr} = await run('systemd-analyze', ['verify', '--man=no', copy])
      expect(stderr).toBe('')
    },
  )

  it('is removed again, and a second time there is nothing to do', async () => {
    const {deps, calls} = await world('linux')
    const {path} = await installService(deps, never)
    expect(await installService(deps, never)).toMatchObject({outcome: 'unchanged'})
    calls.length = 0
    expect(await uninstallService(deps, never)).toMatchObject({outcome: 'removed'})
    expect(calls).toEqual([['systemctl', '--user', 'disable', '--now', 'agnes-daemon.service']])
    await expect(readFile(path)).rejects.toThrow('ENOENT')
    expect(await uninstallService(deps, never)).toMatchObject({outcome: 'unchanged'})
  })

  it('leaves nothing behind when it cannot be enabled', async () => {
    const {deps, home} = await world('linux', {exitCode: 1})
    await expect(installService(deps, never)).rejects.toMatchObject({code: 'service_not_enabled'})
    const unit = join(home, '.config/systemd/user/agnes-daemon.service')
    await expect(readFile(unit)).rejects.toThrow('ENOENT')
  })
})

describe('the launchd agent', () => {
  it('is a property list that starts this very installation', async () => {
    const {deps, calls, home} = await world('darwin', {folder: 'a & <b>'})
    const {path} = await installService(deps, never)
    expect(path).toBe(join(home, 'Library/LaunchAgents/agnes-daemon.plist'))
    expect(calls).toEqual([['launchctl', 'bootstrap', 'gui/501', path]])
    const text = await readFile(path, 'utf8')
    expect(XMLValidator.validate(text)).toBe(true)
    const {plist} = new XMLParser().parse(text) as {
      plist: {dict: {key: string[]; array: {string: string[]}; dict: {string: string}[]}}
    }
    expect(plist.dict.array.string.slice(1)).toEqual([deps.facts.script, 'daemon', 'run'])
    expect(text).toContain('a &amp; &lt;b&gt;')
    await uninstallService(deps, never)
    expect(calls.at(-1)).toEqual(['launchctl', 'bootout', 'gui/501/agnes-daemon'])
  })
})

describe('other systems', () => {
  it('get advice instead of a service', async () => {
    const {deps} = await world('sunos')
    await expect(installService(deps, never)).rejects.toMatchObject({code: 'no_service_manager'})
  })
})
