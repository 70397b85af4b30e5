import {mkdir, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {nodeFolders} from '../../../src/lib/adapters/node-folders.js'
import {checkFolder} from '../../../src/lib/workspace/check-folder.js'
import {tempDir} from '../../support/temp-dir.js'

async function check(path: string, base: string) {
  return checkFolder({
    path,
    folders: nodeFolders,
    home: join(base, 'home/ana'),
    temporary: [join(base, 'alias-of-tmp'), join(base, 'no-such-folder')],
    configDir: join(base, 'home/ana/.config/agnes'),
    isWorkspace: async (folder) => folder === join(base, 'home/ana/ws'),
  })
}

async function place() {
  const base = await tempDir()
  await mkdir(join(base, 'home/ana'), {recursive: true})
  await mkdir(join(base, 'private/tmp/work'), {recursive: true})
  await symlink(join(base, 'private/tmp'), join(base, 'alias-of-tmp'))
  return base
}

describe('checkFolder', () => {
  it.each([
    ['the temporary folder by its alias', 'alias-of-tmp'],
    ['the temporary folder by its real path', 'private/tmp'],
    ['the folder of the homes', 'home'],
    ['the home folder', 'home/ana'],
    ['the settings folder', 'home/ana/.config/agnes'],
    ['the data of a workspace', 'home/ana/ws/server/parquet'],
    ['a folder that is still to be made in such data', 'home/ana/ws/.claude/a/b'],
  ])('refuses %s', async (_name, path) => {
    const base = await place()
    await expect(check(join(base, path), base)).rejects.toMatchObject({code: 'unsuitable_folder'})
  })

  it.each([
    ['a folder inside the temporary one', 'private/tmp/work'],
    ['a new folder below home', 'home/ana/new/deep'],
    ['a workspace itself', 'home/ana/ws'],
    ['a folder beside the data of a workspace', 'home/ana/ws/reports'],
  ])('accepts %s', async (_name, path) => {
    const base = await place()
    expect(await check(join(base, path), base)).toBe(join(base, path))
  })

  it('answers with the real path', async () => {
    const base = await place()
    expect(await check(join(base, 'alias-of-tmp/new'), base)).toBe(join(base, 'private/tmp/new'))
  })
})
