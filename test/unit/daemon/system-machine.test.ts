import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished, vi} from 'vitest'
import {systemMachine} from '../../../src/lib/adapters/system-machine.js'
import {tempDir} from '../../support/temp-dir.js'

/** A busy computer decides nothing. */
const patient = {patienceMs: 60_000}

/** A program that answers as the system's bus would. */
async function bus(script: string) {
  const path = join(await tempDir(), 'bus')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return {program: path, ...patient}
}

/** Power supplies as the kernel shows them: by name, file and content. */
async function supplies(tree: Record<string, Record<string, string>>): Promise<string> {
  const root = await tempDir()
  for (const [name, files] of Object.entries(tree)) {
    await mkdir(join(root, name))
    for (const [file, text] of Object.entries(files))
      await writeFile(join(root, name, file), `${text}\n`)
  }
  return root
}

describe('the machine', () => {
  it.each([
    ['u 1', true],
    ['u 3', true],
    ['u 2', false],
    ['u 4', false],
    ['u 0', null],
    ['s "yes"', null],
    ['', null],
  ])('whose network manager says %j is metered: %s', async (answer, expected) => {
    const program = await bus(`echo '${answer}'`)
    expect(await systemMachine('linux', '/nowhere', program).isMetered()).toBe(expected)
  })

  it('asks for the property of the network manager and starts no service', async () => {
    const program = await bus('case "$*" in *--auto-start=no*" Metered") echo "u 1";; esac')
    expect(await systemMachine('linux', '/nowhere', program).isMetered()).toBe(true)
  })

  it('gives the token to no program it asks', async () => {
    vi.stubEnv('AGNES_TOKEN', 'secret')
    onTestFinished(() => void vi.unstubAllEnvs())
    const program = await bus('if [ -z "$AGNES_TOKEN" ]; then echo "u 1"; fi')
    expect(await systemMachine('linux', '/nowhere', program).isMetered()).toBe(true)
  })

  it('does not know whether it is metered where nothing tells', async () => {
    const failing = await bus('exit 1')
    const missing = {program: '/no/such/program', ...patient}
    expect(await systemMachine('linux', '/nowhere', failing).isMetered()).toBeNull()
    expect(await systemMachine('linux', '/nowhere', missing).isMetered()).toBeNull()
    expect(await systemMachine('win32', '/nowhere', await bus('echo "u 1"')).isMetered()).toBeNull()
  })

  const battery = (status: string) => ({type: 'Battery', status})
  it.each([
    ['a desktop', {AC: {type: 'Mains', online: '1'}}, false],
    ['a laptop on mains', {AC: {type: 'Mains', online: '1'}, BAT0: battery('Charging')}, false],
    ['a laptop off mains', {AC: {type: 'Mains', online: '0'}, BAT0: battery('Discharging')}, true],
    ['a laptop that is full', {AC: {type: 'Mains', online: '0'}, BAT0: battery('Full')}, false],
    [
      'a laptop that charges by USB',
      {U: {type: 'USB', online: '1'}, B: battery('Charging')},
      false,
    ],
    ['a machine without any', {}, null],
  ])('that is %s', async (_what, tree, expected) => {
    const folder = await supplies(tree as Record<string, Record<string, string>>)
    expect(await systemMachine('linux', folder).isOnBattery()).toBe(expected)
  })
})
