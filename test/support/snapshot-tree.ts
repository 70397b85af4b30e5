import {readdir, readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'

/** Every file below a folder: path, mode, modification time and text. `{}` when it is not there. */
export async function snapshotTree(
  root: string,
): Promise<Record<string, {text: string; mode: string; mtimeNs: bigint}>> {
  const names = await readdir(root, {recursive: true}).catch(() => [])
  const tree: Record<string, {text: string; mode: string; mtimeNs: bigint}> = {}
  for (const name of names.sort()) {
    const path = join(root, name)
    const facts = await stat(path, {bigint: true})
    if (facts.isDirectory()) continue
    tree[name] = {
      text: await readFile(path, 'utf8'),
      mode: (Number(facts.mode) & 0o777).toString(8),
      mtimeNs: facts.mtimeNs,
    }
  }
  return tree
}
