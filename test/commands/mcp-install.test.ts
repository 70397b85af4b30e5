import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {runCli} from '../support/run-cli.js'
import {tempWorkspace} from '../support/temp-workspace.js'

async function place() {
  const {root, home} = await tempWorkspace()
  const run = (argv: string[], tty = false) =>
    runCli(['mcp', 'install', ...argv], {env: {HOME: home}, currentDir: root, tty})
  return {root, home, run}
}

it('writes the workspace file once, and says the same on a terminal, in a pipe and as JSON', async () => {
  const {root, run} = await place()
  expect((await run([], true)).stdout).toContain('Written')
  const path = join(root, '.mcp.json')
  const {agnes} = JSON.parse(await readFile(path, 'utf8')).mcpServers
  expect(agnes.args.slice(1)).toEqual(['mcp', '--mode', 'snapshot'])
  expect((await run([])).stdout).toBe(`unchanged\t${path}\n`)
  expect((await run(['--mode', 'read', '--json'])).json).toMatchObject({state: 'updated', path})
})

it('binds the entry of the account to the workspace', async () => {
  const {root, home, run} = await place()
  await run(['--scope', 'user'])
  const {agnes} = JSON.parse(await readFile(join(home, '.claude.json'), 'utf8')).mcpServers
  expect(agnes.args.slice(-2)).toEqual(['--workspace', root])
})

it('leaves a damaged file alone, with exit code 2', async () => {
  const {root, run} = await place()
  await writeFile(join(root, '.mcp.json'), '{"mcpServers": ')
  const left = await run(['--json'])
  expect([left.exitCode, left.json.state, left.json.reason]).toEqual([
    2,
    'left',
    'it is not valid JSON',
  ])
  expect(await readFile(join(root, '.mcp.json'), 'utf8')).toBe('{"mcpServers": ')
})
