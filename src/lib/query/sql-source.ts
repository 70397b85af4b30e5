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

/** The statement, and what else a JSON document on standard input held. */
export interface GivenSql {
  sql: string
  document?: {register?: unknown; register_bq?: unknown}
}

/** The statement, from exactly one place. Standard input may also hold `{"sql": "…"}` and registrations. */
export async function readSql(sources: SqlSources, deps: SqlSourceDeps): Promise<GivenSql> {
  const texts = [sources.positional, sources.flag, sources.file].filter(
    (text) => text !== undefined,
  )
  const count = texts.length + (sources.useStdin ? 1 : 0)
  if (count !== 1)
    throw new UsageError(count === 0 ? 'No SQL is given.' : 'The SQL is given more than once.', {
      code: count === 0 ? 'sql_missing' : 'sql_twice',
      hint: 'Give it once: agnes query "SELECT 1", or with --sql, --file FILE or --stdin.',
    })
  const given = await textOf(sources, deps)
  if (given.sql.trim() !== '') return given
  throw new UsageError('The SQL is empty.', {
    code: 'sql_missing',
    hint: 'Give a statement, such as: agnes query "SELECT 1"',
  })
}

async function textOf(sources: SqlSources, deps: SqlSourceDeps): Promise<GivenSql> {
  if (sources.useStdin) return fromStdin(await readAll(deps.stdin))
  if (sources.file === undefined) return {sql: sources.positional ?? sources.flag ?? ''}
  const path = resolve(deps.currentDir, sources.file)
  const text = await deps.filesAt(dirname(path)).readText(basename(path))
  if (text !== undefined) return {sql: text}
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

function fromStdin(text: string): GivenSql {
  if (!text.trimStart().startsWith('{')) return {sql: text}
  let document: {sql?: unknown; register?: unknown; register_bq?: unknown}
  try {
    document = JSON.parse(text) as typeof document
  } catch (error) {
    throw notJson(error)
  }
  const {sql, ...others} = document
  if (typeof sql !== 'string') throw notJson(undefined)
  const unknown = Object.keys(others).find((key) => !['register', 'register_bq'].includes(key))
  if (unknown !== undefined)
    throw new UsageError(
      `Standard input has the key ${JSON.stringify(unknown)}, which means nothing.`,
      {
        code: 'stdin_unknown_key',
        hint: 'The keys are sql, register and register_bq.',
      },
    )
  return {sql, document: others}
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
