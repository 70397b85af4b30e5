import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {mergeBlock} from '../../src/lib/workspace/claude-md.js'
import {runCli} from '../support/run-cli.js'
import {tempWorkspace, type TempWorkspace} from '../support/temp-workspace.js'

const run = (argv: string[], {home, root}: TempWorkspace, tty = false) =>
  runCli(['hooks', ...argv], {env: {HOME: home}, currentDir: root, tty})
const settingsOf = ({root}: TempWorkspace) => join(root, '.claude/settings.json')

describe('agnes hooks', () => {
  it('installs, says so again, removes; each only once, with a backup', async () => {
    const place = await tempWorkspace()
    const before = '{\n  "model": "opus"\n}\n'
    await place.write('.claude/settings.json', before)
    expect((await run(['install', '--json'], place)).json).toMatchObject({
      action: 'updated',
      state: 'active',
      reason: null,
      disabledBy: null,
      statusLine: 'ours',
      events: [
        {event: 'SessionStart', state: 'active'},
        {event: 'SessionEnd', state: 'active'},
      ],
    })
    const backup = `${settingsOf(place)}.agnes-backup`
    expect(await readFile(backup, 'utf8')).toBe(before)
    expect((await run(['install', '--json'], place)).json.action).toBe('unchanged')
    expect((await run(['status', '--json'], place)).json).toMatchObject({
      action: null,
      state: 'active',
    })
    const removed = await run(['remove', '--json'], place)
    expect(removed.json).toMatchObject({action: 'removed', state: 'absent', statusLine: 'absent'})
    expect(await readFile(settingsOf(place), 'utf8')).toBe(before)
    expect(removed.json.texts).toEqual([])
    expect((await run(['remove', '--json'], place)).json.action).toBe('unchanged')
  })

  it('takes our texts out as well with --texts, and leaves the rest', async () => {
    const place = await tempWorkspace()
    const block = mergeBlock('# Mine\n', 'How to work with the data.')
    if (block.kind === 'damaged') throw new Error(block.reason)
    await place.write('CLAUDE.md', block.text)
    const {json} = await run(['remove', '--texts', '--json'], place)
    expect(json.texts).toEqual([{path: 'CLAUDE.md', removed: true, reason: null}])
    expect(await readFile(join(place.root, 'CLAUDE.md'), 'utf8')).toBe('# Mine\n')
    await place.write('CLAUDE.md', block.text)
    expect((await run(['remove', '--texts'], place, true)).stdout).toContain('Removed CLAUDE.md.')
    await place.write('CLAUDE.md', block.text)
    const rows = (await run(['remove', '--texts'], place)).stdout.split('\n')
    expect(rows).toContain('text\tremoved\tCLAUDE.md\t')
  })

  it('tells on a terminal what stands where, and what to do', async () => {
    const place = await tempWorkspace()
    const {stdout, exitCode} = await run(['status'], place, true)
    expect(exitCode).toBe(0)
    expect(stdout).toContain(': absent.')
    expect(stdout).toContain('agnes hooks install')
  })

  it('gives tab-separated rows in a pipe', async () => {
    const place = await tempWorkspace()
    await run(['install'], place)
    const rows = (await run(['status'], place)).stdout.trimEnd().split('\n')
    expect(rows.map((row) => row.split('\t').slice(0, 2))).toEqual([
      ['hooks', 'active'],
      ['SessionStart', 'active'],
      ['SessionEnd', 'active'],
      ['statusLine', 'ours'],
    ])
  })

  it.each([['install'], ['remove']])(
    '%s leaves a malformed file alone and ends with 2',
    async (verb) => {
      const place = await tempWorkspace()
      await writeFile(settingsOf(place), '{"hooks": ')
      const {exitCode, stderr, stdout} = await run([verb], place)
      expect([exitCode, await readFile(settingsOf(place), 'utf8')]).toEqual([2, '{"hooks": '])
      expect(stderr).toContain('left as it is: it is not valid JSON')
      expect(stdout).toContain('hooks\tunreadable')
    },
  )
})
