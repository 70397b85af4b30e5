import {basename, dirname, resolve} from 'node:path'
import type {Readable} from 'node:stream'
import {MissingError, UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'

export interface SqlSources {
  positional: string | undefined
  /** `--sql`. */
  flag: string | undefined
  /** `--stdin`. */
  useStdin: boolean
  /** `--file`. */
  file: string | undefined
}

export interface SqlSourceDeps {
  stdin: Readable
  currentDir: string
  filesAt(root: string): Files
}

/** The statement, from exactly one place. Standard input may also hold `{"sql": "…"}`. */
export async function readSql(sources: SqlSources, deps: SqlSourceDeps): Promise<string> {
  const given = [sources.positional, sources.flag, sources.file].filter(
    (text) => text !== undefined,
  )
  const count = given.length + (sources.useStdin ? 1 : 0)
  if (count !== 1)
    throw new UsageError(count === 0 ? 'No SQL is given.' : 'The SQL is given more than once.', {
      code: count === 0 ? 'sql_missing' : 'sql_twice',
      hint: 'Give it once: agnes query "SELECT 1", or with --sql, --file FILE or --stdin.',
    })
  const sql = await textOf(sources, deps)
  if (sql.trim() !== '') return sql
  throw new UsageError('The SQL is empty.', {
    code: 'sql_missing',
    hint: 'Give a statement, such as: agnes query "SELECT 1"',
  })
}

async function textOf(sources: SqlSources, deps: SqlSourceDeps): Promise<string> {
  if (sources.useStdin) return fromStdin(await readAll(deps.stdin))
  if (sources.file === undefined) return sources.positional ?? sources.flag ?? ''
  const path = resolve(deps.currentDir, sources.file)
  const text = await deps.filesAt(dirname(path)).readText(basename(path))
  if (text !== undefined) return text
  throw new MissingError(`There is no file ${path}.`, {
    code: 'file_missing',
    hint: 'Name the file that holds the SQL with --file FILE.',
    details: {path},
  })
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString('utf8')
}

function fromStdin(text: string): string {
  if (!text.trimStart().startsWith('{')) return text
  try {
    const {sql} = JSON.parse(text) as {sql?: unknown}
    if (typeof sql === 'string') return sql
  } catch (error) {
    throw notJson(error)
  }
  throw notJson(undefined)
}

function notJson(cause: unknown): UsageError {
  return new UsageError('Standard input begins like JSON but is not {"sql": "SELECT ..."}.', {
    code: 'sql_missing',
    hint: 'Send plain SQL, or one JSON object with the key sql.',
    cause,
  })
}

/** SQL that begins with a comment looks like a flag; it is handed on as the value of --sql. */
export function guardLeadingComment(argv: readonly string[]): string[] {
  const at = argv.findIndex((text) => /^--(?:$|[^=\s]*\s)/.test(text) && text !== '--')
  if (at < 0 || argv.slice(0, at).includes('--') || ['--sql'].includes(argv[at - 1] ?? ''))
    return [...argv]
  return argv.map((text, index) => (index === at ? `--sql=${text}` : text))
}
