import {createHash} from 'node:crypto'
import {byPath} from './rollup-hash.js'
import {safeTableName} from './table-name.js'

/** Which files of a plain folder become which tables. Pure. */

export type SourceFormat = 'parquet' | 'csv' | 'json'

export interface SourceFile {
  /** Relative to the server folder. */
  path: string
  sizeBytes: number
  mtimeMs: number
}

export interface PlannedTable {
  name: string
  /** `parts` is a folder of Parquet files; the others are one file each. */
  format: SourceFormat | 'parts'
  /** The file, or the folder of the parts. */
  path: string
  files: readonly SourceFile[]
  /** Changes whenever a file does. */
  fingerprint: string
}

const FORMATS: readonly [RegExp, SourceFormat][] = [
  [/\.parquet$/i, 'parquet'],
  [/\.(csv|tsv)(\.gz)?$/i, 'csv'],
  [/\.(json|ndjson|jsonl)(\.gz)?$/i, 'json'],
]

export function formatOf(name: string): SourceFormat | undefined {
  return FORMATS.find(([pattern]) => pattern.test(name))?.[1]
}

/** `files` at the top of the folder and `folders` of Parquet parts, in any order. */
export function planExtract(
  files: readonly SourceFile[],
  folders: readonly {path: string; files: readonly SourceFile[]}[],
): PlannedTable[] {
  const candidates = [
    ...files.flatMap((file) => {
      const format = formatOf(file.path)
      return format ? [{format, path: file.path, files: [file]}] : []
    }),
    ...folders.map(({path, files}) => ({format: 'parts' as const, path, files})),
  ].sort(byPath)
  const taken = new Set<string>()
  return candidates.map((candidate) => {
    const plain = safeTableName(stemOf(candidate))
    const name = taken.has(plain) ? `${plain}_${digest(candidate.path).slice(0, 6)}` : plain
    taken.add(name)
    return {...candidate, name, fingerprint: fingerprint(candidate.format, candidate.files)}
  })
}

/** `a.b.csv.gz` is `a.b`; a folder keeps its whole name. */
function stemOf({path, format}: {path: string; format: PlannedTable['format']}): string {
  const pattern = FORMATS.find(([, name]) => name === format)?.[0]
  return pattern ? path.replace(pattern, '') : path
}

function fingerprint(format: string, files: readonly SourceFile[]): string {
  const lines = [...files]
    .sort(byPath)
    .map(({path, sizeBytes, mtimeMs}) => [path, sizeBytes, mtimeMs])
  return digest(JSON.stringify([format, lines]))
}

function digest(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
