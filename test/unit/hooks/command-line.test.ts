import {execFileSync} from 'node:child_process'
import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {hookCommand} from '../../../src/lib/hooks/command-line.js'
import {isOwnEntry} from '../../../src/lib/hooks/own-entry.js'
import {tempDir} from '../../support/temp-dir.js'

const DEFINED = 'agnes pull --quiet || true'

describe('hookCommand', () => {
  it.each([
    ['/usr/bin/node', '/opt/agnes/bin/run.js'],
    ['/opt/node (20)/node', '/home/ana/$HOME `x` "y"/bin/run.js'],
    ['C:\\Program Files\\nodejs\\node.exe', 'C:\\Users\\ana\\agnes\\bin\\run.js'],
  ])('is recognised as ours with %s', (node, script) => {
    const command = hookCommand({node, script}, DEFINED)
    expect(isOwnEntry({hooks: [{type: 'command', command}]})).toBe(true)
    expect(command.endsWith('|| agnes pull --quiet || true')).toBe(true)
  })

  it('writes Windows paths so that a shell reads them', () => {
    const launcher = {node: 'C:\\Program Files\\nodejs\\node.exe', script: 'D:\\a\\bin\\run.js'}
    expect(hookCommand(launcher, DEFINED)).toBe(
      '"C:/Program Files/nodejs/node.exe" "D:/a/bin/run.js" pull --quiet || agnes pull --quiet || true',
    )
  })

  it('finds this installation with an empty PATH, whatever its folder is called', async () => {
    const folder = join(await tempDir(), 'my "tools" $HOME `x` (1)', 'bin')
    await mkdir(folder, {recursive: true})
    const script = join(folder, 'run.js')
    await writeFile(script, 'process.stdout.write(process.argv.slice(2).join(" "))')
    const command = hookCommand({node: process.execPath, script}, DEFINED)
    const said = execFileSync('/bin/sh', ['-c', command], {env: {PATH: ''}, encoding: 'utf8'})
    expect(said).toBe('pull --quiet')
  })

  it('falls back to the command on PATH, and never fails', async () => {
    const folder = await tempDir()
    const launcher = {node: '/nowhere/node', script: '/nowhere/bin/run.js'}
    const run = () =>
      execFileSync('/bin/sh', ['-c', hookCommand(launcher, DEFINED)], {
        env: {PATH: folder},
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    expect(run()).toBe('')
    await writeFile(join(folder, 'agnes'), '#!/bin/sh\necho by name: "$@"\n')
    await chmod(join(folder, 'agnes'), 0o755)
    expect(run()).toBe('by name: pull --quiet\n')
  })
})
