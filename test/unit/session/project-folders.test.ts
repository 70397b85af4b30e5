import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {encodedPath, isBelow, projectFolderTest} from '../../../src/lib/session/project-folders.js'

/** As Claude Code names folders, hash included; the hash is of the usual 31-based kind. */
function claudeName(path: string): string {
  const name = path.replace(/[^a-zA-Z0-9]/g, '-')
  if (name.length <= 200) return name
  let hash = 0
  for (let at = 0; at < path.length; at++) hash = ((hash << 5) - hash + path.charCodeAt(at)) | 0
  return `${name.slice(0, 200)}-${Math.abs(hash).toString(36)}`
}

describe('projectFolderTest', () => {
  it.each([
    ['/home/ana/agnes', '-home-ana-agnes'],
    ['/home/ana/agnes/', '-home-ana-agnes'],
    ['/home/ana/My Work/agnes.ws', '-home-ana-My Work-agnes.ws'],
    ['/home/ana/My Work/agnes.ws', '-home-ana-My-Work-agnes-ws'],
    ['/home/ana/.ws', '-home-ana--ws'],
    ['/home/ana/.ws', '-home-ana-ws'],
    ['/home/ana/.ws', '-home-ana-.ws'],
    ['C:\\Users\\me\\Workspace', 'C--Users-me-Workspace'],
    ['C:\\Users\\me\\Workspace', 'c--Users-me-Workspace'],
    ['C:\\Users\\me\\Workspace', 'C-Users-me-Workspace'],
    ['/home/ana/práce', '-home-ana-pr-ce'],
    ['/home/ana/pra\u0301ce', '-home-ana-pr-ce'],
    ['/home/ana/🚀', '-home-ana---'],
    ['/home/ana/ws', '-home-ana-ws-sub-folder'],
  ])('looks for sessions of %s in %s', (workspace, folder) => {
    expect(projectFolderTest([workspace])(folder)).toBe(true)
  })

  it.each([
    ['/home/ana/ws', '-home-ana-wsx'],
    ['/home/ana/ws', '-home-ana'],
    ['/home/ana/ws', '-home-bob-ws'],
    ['/', 'x'],
  ])('does not look for sessions of %s in %s', (workspace, folder) => {
    expect(projectFolderTest([workspace])(folder)).toBe(false)
  })

  it('finds every folder below a workspace, however long and odd its name', () => {
    const segment = fc
      .string({unit: 'binary', minLength: 1, maxLength: 120})
      .filter((text) => !/[\\/]/.test(text))
    fc.assert(
      fc.property(
        fc.array(segment, {minLength: 1, maxLength: 4}),
        fc.array(segment, {maxLength: 3}),
        (up, down) => {
          const workspace = `/${up.join('/')}`
          const cwd = [workspace, ...down].join('/')
          expect(projectFolderTest([workspace])(claudeName(cwd))).toBe(true)
        },
      ),
    )
  })
})

describe('isBelow', () => {
  it.each([
    ['/ws', '/ws', true],
    ['/ws/', '/ws', true],
    ['/ws/a', '/ws', true],
    ['/ws-2', '/ws', false],
    ['/WS', '/ws', false],
    ['c:\\ws\\a', 'C:\\WS', true],
    ['C:/ws/a', 'C:\\ws', true],
    ['/pr\u00E1ce', '/pra\u0301ce', true],
    ['/', '/ws', false],
  ])('%s in %s: %s', (cwd, workspace, expected) => {
    expect(isBelow(cwd, [workspace])).toBe(expected)
  })
})

it('makes two dashes of a character outside the basic plane', () => {
  expect(encodedPath('🚀')).toBe('--')
})
