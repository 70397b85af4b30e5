import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {readdir} from 'node:fs/promises'
import {describe, expect, it, onTestFinished} from 'vitest'
import {queryWorkspace, type QueryWorkspace} from '../support/query-workspace.js'
import {repositoryRoot} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

const ENDLESS = "SELECT i, 'some text ' || i FROM range(1000000000) t(i)"

async function start(argv: string[], {root, home}: QueryWorkspace): Promise<ChildProcess> {
  const child = spawn(process.execPath, [`${repositoryRoot}/bin/run.js`, 'query', ...argv], {
    cwd: root,
    env: {HOME: home},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const left = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await left
  })
  return child
}

async function collect(child: ChildProcess): Promise<{code: number | null; stderr: string}> {
  let stderr = ''
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'exit')) as [number | null]
  return {code, stderr}
}

describe('agnes query, spawned', () => {
  it.each(['csv', 'ndjson', 'tsv', 'arrow'])(
    'stops when the reader of %s leaves',
    async (format) => {
      const child = await start([ENDLESS, '--format', format], await queryWorkspace())
      await once(child.stdout!, 'data')
      child.stdout!.destroy()
      expect(await collect(child)).toEqual({code: 0, stderr: ''})
    },
  )

  it('is interrupted by Ctrl-C, while rows flow and while it computes', async () => {
    const workspace = await queryWorkspace()
    const flowing = await start([ENDLESS, '--format', 'csv'], workspace)
    await once(flowing.stdout!, 'data')
    flowing.stdout!.resume()
    flowing.kill('SIGINT')
    expect(await collect(flowing)).toMatchObject({code: 130})
    const out = await tempDir()
    const argv = [ENDLESS, '--format', 'csv', '--out', `${out}/a.csv`]
    const writing = await start(argv, workspace)
    while ((await readdir(out)).length === 0) await new Promise(setImmediate)
    writing.kill('SIGTERM')
    expect(await collect(writing)).toMatchObject({code: 143})
    expect(await readdir(out)).toEqual([])
  })

  it('writes the same bytes to a pipe as to a file', async () => {
    const workspace = await queryWorkspace({tables: {numbers: 'SELECT * FROM range(300000) t(i)'}})
    const child = await start(['FROM numbers', '--format', 'csv'], workspace)
    let lines = 0
    child.stdout!.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines++
    })
    const [{code}] = await Promise.all([collect(child), once(child.stdout!, 'end')])
    expect([code, lines]).toEqual([0, 300001])
  })
})
