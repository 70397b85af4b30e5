import {execFile, execFileSync} from 'node:child_process'
import {mkdtemp} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {beforeAll, describe, expect, it} from 'vitest'
import {keytarCommand} from '../../src/lib/adapters/os-keychain.js'
import {repositoryRoot} from '../support/run-cli.js'
import {removeFolder} from '../support/temp-dir.js'

const SESSION_MS = 170_000
/** In the titles of what only a session with a keychain shows; the rest of its file runs without one. */
const OURS = 'the keychain of this session'

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

interface Ended {
  exitCode: number
  output: string
}

/**
 * Runs the tests of a file that are about this keychain in a session of its own with a keyring that is
 * unlocked, or is made and locked.
 */
async function inSession(state: 'unlocked' | 'locked', file: string): Promise<Ended> {
  const home = await mkdtemp(join(tmpdir(), 'agnes-test-session-'))
  const start =
    state === 'unlocked'
      ? 'printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null'
      : 'gnome-keyring-daemon --start --components=secrets >/dev/null'
  const tests = `"${process.execPath}" node_modules/vitest/vitest.mjs run --maxWorkers=1 --project=together ${file} -t "${OURS}"`
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    NO_COLOR: '1',
    XDG_RUNTIME_DIR: home,
    XDG_DATA_HOME: `${home}/data`,
    AGNES_TEST_KEYCHAIN: state,
  }
  const args = ['--', '/bin/sh', '-c', `${start} && exec ${tests}`]
  const options = {cwd: repositoryRoot, env, timeout: SESSION_MS}
  try {
    return await new Promise((resolve) => {
      execFile('dbus-run-session', args, options, (error, stdout, stderr) =>
        resolve({exitCode: error ? Number(error.code ?? -1) : 0, output: stdout + stderr}),
      )
    })
  } finally {
    await removeFolder(home)
  }
}

describe.runIf(isPossible)('the keychain of a desktop session', () => {
  // Both wait most of their time, for keychains that do not answer.
  let sessions: Record<'unlocked' | 'locked', Ended>

  beforeAll(async () => {
    const [unlocked, locked] = await Promise.all([
      inSession('unlocked', 'test/contract/secret-store.test.ts'),
      inSession('locked', 'test/contract/os-keychain.test.ts'),
    ])
    sessions = {unlocked, locked}
  }, SESSION_MS + 10_000)

  it('passes the contract while it is unlocked', () => {
    const {exitCode, output} = sessions.unlocked
    expect([exitCode, output]).toEqual([0, expect.stringMatching(/Tests +9 passed/)])
  })

  it('is given up while it is locked', () => {
    const {exitCode, output} = sessions.locked
    expect([exitCode, output]).toEqual([0, expect.stringMatching(/Tests +1 passed/)])
  })
})
