import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {currentSurface} from '../../scripts/command-snapshot.js'
import {repositoryRoot} from '../support/run-cli.js'

const snapshot = readFileSync(join(repositoryRoot, 'command-snapshot.json'), 'utf8')

interface Surface {
  command: string
  flags: string[]
}

describe('the command line', () => {
  it('is the one of command-snapshot.json (npm run snapshot accepts a change)', () => {
    expect(JSON.parse(currentSurface())).toEqual(JSON.parse(snapshot))
  })

  it('takes --json in every command', () => {
    for (const {command, flags} of JSON.parse(snapshot) as Surface[])
      expect(flags, command).toContain('--json')
  })

  it('keeps what installed hooks and the documents rely on', () => {
    const surface = new Map(
      (JSON.parse(snapshot) as Surface[]).map((row) => [row.command, row.flags]),
    )
    expect(surface.get('pull')).toEqual(expect.arrayContaining(['--quiet', '--json']))
  })
})
