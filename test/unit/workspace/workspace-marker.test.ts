import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {
  readMarker,
  readWorkspaceServer,
  writeMarker,
} from '../../../src/lib/workspace/workspace-marker.js'
import {tempDir} from '../../support/temp-dir.js'

async function place(text?: string) {
  const root = await tempDir()
  await mkdir(join(root, '.claude'))
  if (text !== undefined) await writeFile(join(root, '.claude/init-complete'), text)
  return {root, files: new NodeFiles(root, systemRandom)}
}

describe('the workspace marker', () => {
  it('is absent before init has finished', async () => {
    const {files} = await place()
    expect(await readMarker(files)).toBeNull()
    expect(await readWorkspaceServer(files)).toBeUndefined()
  })

  it("reads the reference client's lines and keeps those it does not know", async () => {
    const {files, root} = await place(
      'completed_at: 2026-05-01T10:00:00+00:00\r\nagnes_version: 0.84.8\r\nserver_url: https://a.example\r\noverride: true\r\n',
    )
    const marker = await readMarker(files)
    expect(marker).toMatchObject({server: 'https://a.example', version: '0.84.8'})
    await writeMarker(
      files,
      {completedAt: '2026-06-01T00:00:00Z', version: '1', server: 'https://a.example'},
      marker?.lines ?? [],
    )
    expect(await readFile(join(root, '.claude/init-complete'), 'utf8')).toBe(
      'completed_at: 2026-06-01T00:00:00Z\nagnes_version: 1\nserver_url: https://a.example\noverride: true\n',
    )
  })

  it.each(['', 'junk', 'server_url:\n'])('knows no server from %j', async (text) => {
    const {files} = await place(text)
    expect(await readWorkspaceServer(files)).toBeUndefined()
  })
})
