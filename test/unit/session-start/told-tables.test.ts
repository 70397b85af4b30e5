import {mkdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {workspacePaths} from '../../../src/lib/config/paths.js'
import {takeTableNews} from '../../../src/lib/session-start/told-tables.js'
import {tempDir} from '../../support/temp-dir.js'

const NOTHING = {appeared: [], vanished: []}

async function setting() {
  const root = await tempDir()
  const disk = {isFull: false}
  const files = new NodeFiles(root, systemRandom, {
    beforeWrite() {
      if (disk.isFull) throw Object.assign(new Error('no space'), {code: 'ENOSPC'})
    },
  })
  const install = async (...names: string[]) => {
    const path = join(root, workspacePaths.state)
    await mkdir(dirname(path), {recursive: true})
    const tables = Object.fromEntries(names.map((name) => [name, {hash: 'x', rows: 1}]))
    await writeFile(path, JSON.stringify({tables}))
  }
  return {files, disk, install}
}

it('tells what came and went since the last time, once', async () => {
  const {files, install} = await setting()
  await install('orders')
  expect(await takeTableNews(files)).toEqual(NOTHING)
  await install('customers', 'payments')
  expect(await takeTableNews(files)).toEqual({
    appeared: ['customers', 'payments'],
    vanished: ['orders'],
  })
  expect(await takeTableNews(files)).toEqual(NOTHING)
})

it('tells it again rather than nothing while the disk is full', async () => {
  const {files, disk, install} = await setting()
  await install('orders')
  await takeTableNews(files)
  await install('orders', 'customers')
  disk.isFull = true
  const news = {appeared: ['customers'], vanished: []}
  expect(await takeTableNews(files)).toEqual(news)
  expect(await takeTableNews(files)).toEqual(news)
})
