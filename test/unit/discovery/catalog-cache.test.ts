import {mkdir, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {CatalogCache} from '../../../src/lib/discovery/catalog-cache.js'
import {FakeClock} from '../../support/fake-clock.js'
import {tempDir} from '../../support/temp-dir.js'

const FOLDER = '.claude/agnes/catalog-cache'
const ANA = {origin: 'https://a.example.com', user: 'ana@example.com'}

async function folder() {
  const root = await tempDir()
  const files = new NodeFiles(root, systemRandom)
  const clock = new FakeClock()
  const names = async () => readdir(join(root, FOLDER)).catch(() => [])
  const open = (owner = ANA) => new CatalogCache(files, clock, owner)
  return {root, names, open}
}

it('gives back what was written, with its time', async () => {
  const {open} = await folder()
  await open().write('catalog', {tables: []})
  expect(await open().read('catalog')).toMatchObject({
    fetchedAt: '2026-01-31T12:00:00.000Z',
    body: {tables: []},
  })
})

it.each([
  ['another person', {...ANA, user: 'bo@example.com'}],
  ['another server', {...ANA, origin: 'https://b.example.com'}],
])('gives nothing to %s', async (_who, owner) => {
  const {open} = await folder()
  await open().write('catalog', {})
  expect(await open(owner).read('catalog')).toBeUndefined()
})

it('takes damage for absence', async () => {
  const {root, open, names} = await folder()
  await open().write('catalog', {})
  const [name] = await names()
  for (const damage of ['', '{', 'null', '[]', '{"format":1}']) {
    await writeFile(join(root, FOLDER, name!), damage)
    expect(await open().read('catalog')).toBeUndefined()
  }
})

it('is in the way of nothing where it cannot be written', async () => {
  const {root, open} = await folder()
  await mkdir(join(root, '.claude/agnes'), {recursive: true})
  await writeFile(join(root, FOLDER), 'no folder')
  await open().write('catalog', {})
  expect(await open().read('catalog')).toBeUndefined()
})

it('keeps 200 answers and none that is huge', async () => {
  const {open, names} = await folder()
  for (let i = 0; i < 205; i++) await open().write(`schema ${i}`, {})
  expect((await names()).length).toBe(200)
  await open().write('catalog', 'x'.repeat(17 * 1024 * 1024))
  expect(await open().read('catalog')).toBeUndefined()
})

it('forgets', async () => {
  const {open, names} = await folder()
  await open().write('catalog', {})
  await open().forget('catalog')
  expect(await names()).toEqual([])
})
