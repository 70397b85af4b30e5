import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {findWorkspace, type FindWorkspaceInput} from '../../../src/lib/workspace/find-workspace.js'

const root = join('/', 'data')

function input(changes: Partial<FindWorkspaceInput> = {}): FindWorkspaceInput {
  return {
    flag: undefined,
    localDir: undefined,
    currentDir: join(root, 'here/sub/deep'),
    registered: async () => [join(root, 'old'), join(root, 'new'), join(root, 'gone')],
    isWorkspace: async (path) =>
      ['here', 'old', 'new', 'named'].some((name) => path === join(root, name)),
    ...changes,
  }
}

describe('findWorkspace', () => {
  it.each<[string, Partial<FindWorkspaceInput>, string, string]>([
    ['the flag', {flag: join(root, 'named'), localDir: join(root, 'old')}, 'named', 'flag'],
    ['the flag, relative', {flag: '../../../named'}, 'named', 'flag'],
    ['AGNES_LOCAL_DIR', {localDir: join(root, 'old')}, 'old', 'AGNES_LOCAL_DIR'],
    ['the nearest parent', {}, 'here', 'folder'],
    ['the newest that is still one', {currentDir: root}, 'new', 'registered'],
  ])('takes %s', async (_name, changes, folder, source) => {
    expect(await findWorkspace(input(changes))).toEqual({root: join(root, folder), source})
  })

  it.each<[string, Partial<FindWorkspaceInput>]>([
    ['a named folder that is none', {flag: join(root, 'other')}],
    ['AGNES_LOCAL_DIR that is none', {localDir: join(root, 'other')}],
    ['nothing at all', {currentDir: root, registered: async () => []}],
  ])('refuses %s instead of guessing', async (_name, changes) => {
    await expect(findWorkspace(input(changes))).rejects.toMatchObject({
      exitCode: 4,
      code: 'no_workspace',
      hint: expect.stringContaining('agnes init'),
    })
  })
})
