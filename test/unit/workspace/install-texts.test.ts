import {mkdir, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {nodeFolders} from '../../../src/lib/adapters/node-folders.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {installTexts, removeTexts} from '../../../src/lib/workspace/install-texts.js'
import type {Welcome} from '../../../src/lib/workspace/server-welcome.js'
import {repositoryRoot} from '../../support/run-cli.js'
import {snapshotTree} from '../../support/snapshot-tree.js'
import {tempDir} from '../../support/temp-dir.js'

const PRIVATE = '.claude/commands/agnes-private.md'
const UPDATE = '.claude/commands/update-agnes-plugins.md'
const server = 'https://agnes.example.com'

async function place() {
  const root = await tempDir()
  const workspace = new NodeFiles(root, systemRandom)
  const packageFiles = new NodeFiles(repositoryRoot, systemRandom)
  const files = {workspace, packageFiles, folders: nodeFolders}
  return {
    root,
    files,
    read: (path: string) => workspace.readText(path),
    install: (welcome: Welcome = {kind: 'none'}, template?: NodeFiles) =>
      installTexts({...files, packageFiles: template ?? packageFiles, server, welcome}),
    actions: async (welcome?: Welcome) => {
      const outcomes = await installTexts({...files, server, welcome: welcome ?? {kind: 'none'}})
      return Object.fromEntries(outcomes.map(({path, action}) => [path, action]))
    },
  }
}

/** A package whose slash command says something else. */
async function otherVersion(text: string): Promise<NodeFiles> {
  const root = await tempDir()
  await mkdir(join(root, 'templates/commands'), {recursive: true})
  await writeFile(join(root, 'templates/claude-md.md'), 'Of {{server}}.\n')
  for (const name of ['agnes-private.md', 'update-agnes-plugins.md'])
    await writeFile(join(root, 'templates/commands', name), `---\ndescription: ${text}\n---\n\nx\n`)
  return new NodeFiles(root, systemRandom)
}

describe('installed texts', () => {
  it('are written once, and not again while they are right', async () => {
    const {root, actions} = await place()
    expect(await actions()).toEqual({
      'CLAUDE.md': 'created',
      [PRIVATE]: 'created',
      [UPDATE]: 'created',
    })
    const before = await snapshotTree(root)
    expect(await actions()).toEqual({
      'CLAUDE.md': 'unchanged',
      [PRIVATE]: 'unchanged',
      [UPDATE]: 'unchanged',
    })
    expect(await snapshotTree(root)).toEqual(before)
  })

  it('have the mark as a comment of the front matter, where the model does not see it', async () => {
    const {install, read} = await place()
    await install()
    expect(await read(PRIVATE)).toMatch(/^---\n# agnes:managed [0-9a-f]{16}\ndescription: /)
    expect(await read(PRIVATE)).toContain('!`agnes session private ${CLAUDE_SESSION_ID}`')
  })

  it('of another version are replaced by those of this one, whatever their line ends became', async () => {
    const {install, actions, read, files} = await place()
    await install({kind: 'none'}, await otherVersion('old'))
    const old = (await read(UPDATE)) ?? ''
    await files.workspace.writeAtomic(UPDATE, old.replaceAll('\n', '\r\n'))
    expect(await actions()).toEqual({
      'CLAUDE.md': 'updated',
      [PRIVATE]: 'updated',
      [UPDATE]: 'updated',
    })
    expect(await read(UPDATE)).not.toContain('old')
  })

  it.each([
    ['of their own', () => 'My own command\n'],
    ['they edited', (ours: string) => ours.replace('Run nothing else.', 'And sing.')],
    ['whose mark they took out', (ours: string) => ours.replace(/# agnes.*\n/, '')],
  ])('leave a command %s alone, and say so', async (_name, edit) => {
    const {install, read, files} = await place()
    await install()
    const mine = edit((await read(PRIVATE)) ?? '')
    await files.workspace.writeAtomic(PRIVATE, mine)
    const outcomes = await install({kind: 'none'}, await otherVersion('newer'))
    expect(outcomes.find(({path}) => path === PRIVATE)).toEqual({
      path: PRIVATE,
      action: 'left',
      reason: 'it is yours; remove it to have that of agnes',
    })
    expect(await read(PRIVATE)).toBe(mine)
    expect(await removeTexts(files)).toContainEqual({
      path: PRIVATE,
      removed: false,
      reason: 'it is yours',
    })
    expect(await read(PRIVATE)).toBe(mine)
  })

  it('leave a command alone that is a link to somewhere else', async () => {
    const {root, actions} = await place()
    const outside = await tempDir()
    await mkdir(join(root, '.claude/commands'), {recursive: true})
    await writeFile(join(outside, 'theirs.md'), 'theirs\n')
    await symlink(join(outside, 'theirs.md'), join(root, PRIVATE))
    expect((await actions())[PRIVATE]).toBe('left')
    expect((await snapshotTree(outside))['theirs.md']).toMatchObject({text: 'theirs\n'})
  })

  it('keep what the server said while it cannot be asked, and drop it when it says nothing', async () => {
    const {install, actions, read} = await place()
    await install({kind: 'text', text: 'We sell **shoes**.'})
    const said = await read('CLAUDE.md')
    expect(said).toContain('We sell **shoes**.')
    expect((await actions({kind: 'unknown', reason: 'down'}))['CLAUDE.md']).toBe('unchanged')
    expect(await read('CLAUDE.md')).toBe(said)
    expect((await actions({kind: 'none'}))['CLAUDE.md']).toBe('updated')
    expect(await read('CLAUDE.md')).not.toContain('shoes')
  })

  it.each([
    ['nothing', undefined, undefined],
    ['a text that ends its line', '# Mine\n', '# Mine\n'],
    ['a text that does not', '# Mine', '# Mine\n'],
    ['Windows line ends', '# Mine\r\n', '# Mine\r\n'],
  ])('can be taken away again, which leaves %s', async (_name, before, after) => {
    const {root, install, read, files} = await place()
    if (before !== undefined) await files.workspace.writeAtomic('CLAUDE.md', before)
    await install({kind: 'text', text: 'Shoes.'})
    const outcomes = await removeTexts(files)
    expect(outcomes.map(({removed}) => removed)).toEqual([true, true, true])
    expect(await read('CLAUDE.md')).toBe(after)
    expect(Object.keys(await snapshotTree(root))).toEqual(after === undefined ? [] : ['CLAUDE.md'])
    expect(await removeTexts(files)).toEqual([])
  })
})
