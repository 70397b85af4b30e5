import {createHash} from 'node:crypto'

/** The table hash of a partitioned table: MD5 over `path:md5` lines, sorted by path. Not a file's MD5. */
export function rollupHash(parts: readonly {path: string; md5: string}[]): string {
  const lines = [...parts].sort(byPath).map(({path, md5}) => `${path}:${md5}`)
  return createHash('md5').update(lines.join('\n'), 'utf8').digest('hex')
}

/** Code-unit order, the same on every machine. */
export function byPath(a: {path: string}, b: {path: string}): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
