import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {currentSurface} from '../../scripts/command-snapshot.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

const snapshot = readFileSync(join(repositoryRoot, 'command-snapshot.json'), 'utf8')

/** Their standard output is a protocol, which is JSON as it is; a document beside it would break it. */
const FRAMES_ONLY = ['mcp']

interface Surface {
  command: string
  flags: string[]
}

describe('the command line', () => {
  it('is the one of command-snapshot.json (npm run snapshot accepts a change)', () => {
    expect(JSON.parse(currentSurface())).toEqual(JSON.parse(snapshot))
  })

  it('takes --json in every command that gives a result', () => {
    for (const {command, flags} of JSON.parse(snapshot) as Surface[])
      if (!FRAMES_ONLY.includes(command)) expect(flags, command).toContain('--json')
  })

  it.each(FRAMES_ONLY)(
    'refuses --json for %s, with nothing on standard output',
    async (command) => {
      const home = await tempDir()
      const {exitCode, stdout, stderr} = await runCli([command, '--json'], {env: {HOME: home}})
      expect([exitCode, stdout]).toEqual([2, ''])
      expect(stderr).toContain('--json')
    },
  )

  it('keeps what installed hooks and the documents rely on', () => {
    const surface = new Map(
      (JSON.parse(snapshot) as Surface[]).map((row) => [row.command, row.flags]),
    )
    expect(surface.get('pull')).toEqual(expect.arrayContaining(['--quiet', '--json']))
  })
})
