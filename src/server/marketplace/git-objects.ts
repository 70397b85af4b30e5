import {createHash} from 'node:crypto'
import {deflateSync} from 'node:zlib'

/**
 * A bare repository of one commit without parents, as git's own loose objects: what a client of the
 * "dumb" HTTP protocol fetches file by file. Ids are a pure function of the files.
 */
export interface GitRepository {
  commit: string
  /** Deflated objects by id. */
  objects: ReadonlyMap<string, Buffer>
}

interface Folder {
  files: Map<string, Buffer>
  folders: Map<string, Folder>
}

const AUTHOR = 'Agnes <agnes@localhost> 0 +0000'

/** @param files paths with `/` */
export function gitRepository(files: ReadonlyMap<string, Buffer>, message: string): GitRepository {
  const objects = new Map<string, Buffer>()
  const put = (type: string, content: Buffer): string => {
    const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])
    const id = createHash('sha1').update(bytes).digest('hex')
    if (!objects.has(id)) objects.set(id, deflateSync(bytes))
    return id
  }
  const root: Folder = {files: new Map(), folders: new Map()}
  for (const [path, bytes] of files) {
    const parts = path.split('/')
    const name = parts.pop() ?? ''
    parts.reduce(folderIn, root).files.set(name, bytes)
  }
  const tree = putTree(root, put)
  const text = `tree ${tree}\nauthor ${AUTHOR}\ncommitter ${AUTHOR}\n\n${message}\n`
  return {commit: put('commit', Buffer.from(text)), objects}
}

function folderIn(parent: Folder, name: string): Folder {
  const folder = parent.folders.get(name) ?? {files: new Map(), folders: new Map()}
  parent.folders.set(name, folder)
  return folder
}

function putTree(folder: Folder, put: (type: string, content: Buffer) => string): string {
  const entries = [
    ...[...folder.files].map(([name, bytes]) => ({
      key: Buffer.from(name),
      head: `100644 ${name}\0`,
      id: put('blob', bytes),
    })),
    // git sorts a folder as if its name ended in a slash.
    ...[...folder.folders].map(([name, inner]) => ({
      key: Buffer.from(`${name}/`),
      head: `40000 ${name}\0`,
      id: putTree(inner, put),
    })),
  ].sort((a, b) => Buffer.compare(a.key, b.key))
  return put(
    'tree',
    Buffer.concat(entries.flatMap(({head, id}) => [Buffer.from(head), Buffer.from(id, 'hex')])),
  )
}
