import {execFileSync} from 'node:child_process'
import {describe, expect, it} from 'vitest'
import {keytarCommand} from '../../src/lib/adapters/os-keychain.js'
import {repositoryRoot} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

function has(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], {stdio: 'ignore'})
    return true
  } catch {
    return false
  }
}

const isPossible =
  keytarCommand() !== undefined && has('dbus-run-session') && has('gnome-keyring-daemon')

/** Runs test files in a session of their own with a keyring that is unlocked, or is made and locked. */
async function inSession(state: 'unlocked' | 'locked', files: string[]) {
  const home = await tempDir()
  const start =
    state === 'unlocked'
      ? 'printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null'
      : 'gnome-keyring-daemon --start --components=secrets >/dev/null'
  const tests = `"${process.execPath}" node_modules/vitest/vitest.mjs run --maxWorkers=1 ${files.join(' ')}`
  const script = `${start} && exec ${tests}`
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: home,
    XDG_DATA_HOME: `${home}/data`,
    AGNES_TEST_KEYCHAIN: state,
  }
  const args = ['--', '/bin/sh', '-c', script]
  return spawnProcess('dbus-run-session', args, {cwd: repositoryRoot, env}).ended
}

describe.runIf(isPossible)('the keychain of a desktop session', () => {
  it('passes the contract while it is unlocked', async () => {
    const {exitCode, stdout, stderr} = await inSession('unlocked', [
      'test/contract/secret-store.test.ts',
    ])
    expect([exitCode, exitCode === 0 ? '' : stdout + stderr]).toEqual([0, ''])
  }, 180_000)

  it('is given up while it is locked', async () => {
    const {exitCode, stdout, stderr} = await inSession('locked', [
      'test/contract/os-keychain.test.ts',
    ])
    expect([exitCode, exitCode === 0 ? '' : stdout + stderr]).toEqual([0, ''])
  }, 180_000)
})
