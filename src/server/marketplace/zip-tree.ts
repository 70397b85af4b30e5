import type {Readable} from 'node:stream'
import type {PluginTree} from './plugin-tree.js'

/** Fixed, so that the same files are the same archive. */
const EPOCH = new Date('1980-01-01T00:00:00Z')

/** The tree as an archive, with `.agnes/version.json` in front, which differs from call to call. */
export async function zipTree(
  tree: PluginTree,
  version: Record<string, unknown>,
): Promise<Readable> {
  const {default: yazl} = await import('yazl')
  const archive = new yazl.ZipFile()
  const options = {mtime: EPOCH, mode: 0o100_644, forceDosTimestamp: true}
  const add = (path: string, bytes: Buffer) => archive.addBuffer(bytes, path, options)
  add('.agnes/version.json', Buffer.from(JSON.stringify(version) + '\n'))
  for (const [path, bytes] of tree.files) add(path, bytes)
  archive.end()
  return archive.outputStream as Readable
}
