import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {FileSecretStore} from '../../../src/lib/adapters/file-secret-store.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {NodeFiles, type FileFaults} from '../../../src/lib/adapters/node-files.js'
import {nodeFolders} from '../../../src/lib/adapters/node-folders.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import type {Lock} from '../../../src/lib/ports/lock.js'
import {readRegistry} from '../../../src/lib/config/settings.js'
import {sanitize} from '../../../src/lib/present/sanitize.js'
import {initWorkspace, type InitDeps} from '../../../src/lib/workspace/init-workspace.js'
import {startFakeAgnes} from '../../support/fake-agnes.js'
import {FakeClock} from '../../support/fake-clock.js'
import {repositoryRoot} from '../../support/run-cli.js'
import {snapshotTree} from '../../support/snapshot-tree.js'
import {tempDir} from '../../support/temp-dir.js'

class PowerCut extends Error {}

/** Counts the moments at which a write can be cut off, and cuts at one of them. */
function cutAt(moment: number): FileFaults & {moments: number} {
  const faults = {
    moments: 0,
    beforeWrite: () => void (++faults.moments === moment && cut()),
    beforeRename: () => void (++faults.moments === moment && cut()),
  }
  const cut = () => {
    throw new PowerCut()
  }
  return faults
}

/** A lock that nobody else wants. */
const free: Lock = {hold: (_options, work) => work()}

async function place() {
  const base = await tempDir()
  const server = await startFakeAgnes({welcome: 'Tables of the company.'})
  const init = async (
    faults: FileFaults = {},
    signal?: AbortSignal,
    {name = 'ws', lockAt = () => free}: {name?: string; lockAt?: InitDeps['lockAt']} = {},
  ) => {
    const config = new NodeFiles(join(base, 'config'), systemRandom, faults)
    const deps: InitDeps = {
      workspace: new NodeFiles(join(base, name), systemRandom, faults),
      config,
      packageFiles: new NodeFiles(repositoryRoot, systemRandom),
      folders: nodeFolders,
      clock: new FakeClock(),
      version: '1.2.3',
      lockAt,
      sanitize,
      signInStores: async () => ({
        config,
        lockAt,
        keychain: async () => undefined,
        file: new FileSecretStore(config, nodeFolders.modeOf, free),
      }),
      httpWithToken: async (origin, token) => new GotHttpClient({origin, token, userAgent: 'test'}),
    }
    const token = {
      flag: server.token,
      file: undefined,
      stdin: undefined,
      environment: undefined,
      stores: [],
      prompt: undefined,
    }
    return initWorkspace(deps, {origin: server.origin, token}, signal)
  }
  const texts = async () =>
    Object.entries(await snapshotTree(base)).map(([name, {text, mode}]) => [name, text, mode])
  return {base, init, texts}
}

describe('initWorkspace', () => {
  it('finishes when it is run again after a cut at any moment', async () => {
    const whole = await place()
    const counter = cutAt(Infinity)
    await whole.init(counter)
    const expected = (await whole.texts()).map(([name, , mode]) => [name, mode])
    expect(counter.moments).toBeGreaterThanOrEqual(14)
    for (let moment = 1; moment <= counter.moments; moment++) {
      const {init, texts, base} = await place()
      await expect(init(cutAt(moment))).rejects.toThrow(PowerCut)
      const isMarked = (await snapshotTree(base))['ws/.claude/init-complete'] !== undefined
      expect(isMarked, 'the marker is written last').toBe(false)
      await init()
      expect((await texts()).map(([name, , mode]) => [name, mode])).toEqual(expected)
    }
  })

  it('of many at once forgets none', async () => {
    const {init, base} = await place()
    const lockAt: InitDeps['lockAt'] = (root, path) => new FileLock(join(root, path), systemClock)
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(names.map((name) => init({}, undefined, {name, lockAt})))
    const known = await readRegistry(new NodeFiles(join(base, 'config'), systemRandom))
    expect(known.map(({path}) => path).sort()).toEqual(names.map((name) => join(base, name)))
  })

  it('writes nothing when all is there', async () => {
    const {init} = await place()
    await init()
    const counter = cutAt(Infinity)
    await init(counter)
    expect(counter.moments).toBe(0)
  })

  it('writes nothing after it was interrupted', async () => {
    const {init, texts} = await place()
    const controller = new AbortController()
    controller.abort(new PowerCut())
    await expect(init({}, controller.signal)).rejects.toThrow(PowerCut)
    expect(await texts()).toEqual([])
  })
})
