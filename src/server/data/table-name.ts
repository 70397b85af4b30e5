import {createHash} from 'node:crypto'

/** Key of grants and of the v2 routes, from a registry name. */
export function tableId(name: string): string {
  return name.trim().toLowerCase().replaceAll(' ', '_')
}

/** Names that may become a path segment, a view and a URL path as they are. */
export function isSafeTableName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(name) && !name.endsWith('.')
}

/** Relative path of a part as the contract allows it: plain segments, no dot names. */
export function isSafePartPath(path: string): boolean {
  return path.split('/').every((segment) => /^[A-Za-z0-9_][A-Za-z0-9_.=-]*$/.test(segment))
}

/** A table name for any file name: ASCII letters, digits and `_`, never empty, never starting with a digit. */
export function safeTableName(stem: string): string {
  const plain = stem
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 63)
  if (plain === '') return `table_${createHash('md5').update(stem).digest('hex').slice(0, 8)}`
  return /^[0-9]/.test(plain) ? `t_${plain}` : plain
}
