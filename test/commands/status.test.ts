import {describe, expect, it} from 'vitest'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

describe('agnes status', () => {
  it('gives the same exit code in text and JSON when there is no workspace', async () => {
    const dir = await tempDir()
    const text = await runCli(['status'], {env: {HOME: dir}, currentDir: dir})
    const json = await runCli(['status', '--json'], {env: {HOME: dir}, currentDir: dir})
    expect([text.exitCode, json.exitCode]).toEqual([4, 4])
    expect(json.json.error.code).toBe('no_workspace')
    expect(text.stderr).toContain('agnes init')
  })
})
