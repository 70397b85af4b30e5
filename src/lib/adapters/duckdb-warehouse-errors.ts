import {
  AgnesError,
  BusyError,
  IntegrityError,
  QueryError,
  TooLargeError,
  UnexpectedError,
} from '../errors.js'

/** The engine's messages begin with a class, `Catalog Error: …`; these are the ones a person's SQL causes. */
const SQL_CLASSES = new Set([
  'Parser',
  'Syntax',
  'Binder',
  'Catalog',
  'Conversion',
  'Invalid Input',
  'Invalid type',
  'Mismatch Type',
  'Out of Range',
  'Decimal',
  'Divide by Zero',
  'Not implemented',
  'Constraint',
  'Dependency',
  'Expression',
  'Executor',
  'Parameter Not Resolved',
  'Parameter Not Allowed',
  'Permission',
  'Sequence',
  'Settings',
  'Missing Extension',
  'Autoloading',
  'TransactionContext',
  'Connection',
  'HTTP',
])

const BAD_FILE =
  /No magic bytes|too small to be a Parquet|not a valid DuckDB database|Invalid Parquet|don't look like a Parquet|Corrupt database|corrupted|TProtocolException|Snappy|Failed to deserialize|checksum/i
const NEWER_FILE = /newer (?:DuckDB )?version|version number \d+, but we can only read/i
const MISSING_TABLE =
  /(?:Table|View|Catalog entry) with name "?(.+?)"? does not exist(?: because schema|!)/

/** The only place that reads the engine's error text. `doing` names the file or step, for the message. */
export function translateDuckDbError(error: unknown, doing?: string): AgnesError {
  if (error instanceof AgnesError) return error
  const text = (error instanceof Error ? error.message : String(error)).replace(
    /^Failed to extract statements: /,
    '',
  )
  const [, kind = '', rest = text] = /^([A-Z][A-Za-z ]*?) Error: ([\s\S]*)$/.exec(text) ?? []
  const where = doing === undefined ? '' : `${doing}: `
  const options = {cause: error, details: {engine: text}}
  if (kind === 'Out of Memory')
    return new TooLargeError(`The query needs more memory than it may use: ${firstLine(rest)}`, {
      ...options,
      code: 'out_of_memory',
      hint: 'Select fewer columns, filter earlier, or aggregate before sorting and joining.',
    })
  const file = kind === 'SQL' ? undefined : fileError(kind, rest, {where, options})
  if (file) return file
  if (SQL_CLASSES.has(kind)) return sqlError(kind, text, options)
  return new UnexpectedError(`${where}the SQL engine failed: ${firstLine(text)}`, options)
}

type Options = {cause: unknown; details: Record<string, unknown>}

function fileError(
  kind: string,
  rest: string,
  {where, options}: {where: string; options: Options},
): AgnesError | undefined {
  const lock = /Could not set lock on file "([^"]*)"/.exec(rest)
  if (lock) {
    const pid = /\(PID (\d+)\)/.exec(rest)?.[1]
    const holder = pid === undefined ? 'another process' : `process ${pid}`
    return new BusyError(`${lock[1]} is open in ${holder}.`, {
      ...options,
      code: 'database_locked',
      hint: 'Close the program that has the file open for writing, then run the command again.',
      details: {...options.details, path: lock[1], pid: pid === undefined ? null : Number(pid)},
    })
  }
  if (/No space left|ENOSPC|disk full|max_temp_directory_size/i.test(rest))
    return new TooLargeError(`The disk is full: ${firstLine(rest)}`, {
      ...options,
      code: 'disk_full',
      hint: 'Free some space (agnes disk-info shows what agnes uses), then run the command again.',
    })
  if (NEWER_FILE.test(rest) || BAD_FILE.test(rest))
    return new IntegrityError(`${where}${firstLine(rest)}`, {...options, code: 'bad_file'})
  if (kind === 'IO' || kind === 'Serialization')
    return new QueryError(`${where}${kind} Error: ${firstLine(rest)}`, {
      ...options,
      code: 'io_error',
    })
  return undefined
}

function sqlError(kind: string, text: string, options: Options): QueryError {
  if (kind === 'Permission')
    return new QueryError(text.replace(/^Permission Error: /, ''), {
      ...options,
      code: 'not_permitted',
    })
  const missing = MISSING_TABLE.exec(text)?.[1]
  if (missing === undefined) return new QueryError(text.trimEnd(), options)
  return new QueryError(text.trimEnd(), {
    ...options,
    details: {...options.details, missingTable: missing},
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trim()
}
