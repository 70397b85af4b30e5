import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {UsageError} from '../lib/errors.js'
import {
  defaultLimit,
  QUERY_FORMATS,
  queryRenderer,
  type QueryFormat,
} from '../lib/present/query-formats.js'
import {queryNotes} from '../lib/present/query-notes.js'
import {answerQuery} from '../lib/query/answer-query.js'
import type {RenderRows} from '../lib/query/answer-source.js'
import {guardLeadingComment, readSql} from '../lib/query/sql-source.js'

/** With --out; without it the document is the answer itself, see docs/query-formats.md. */
export interface QueryResult {
  /** Absolute path of the file, `null` when the answer went to standard output. */
  out: string | null
  format: QueryFormat
  columns: {name: string; type: string}[]
  rowCount: number
  /** True when there were more rows than --limit. */
  truncated: boolean
  source: 'local'
  /** Absolute. */
  workspace: string
}

export default class Query extends BaseCommand<QueryResult> {
  static override summary = 'Ask the tables on this computer in SQL'
  static override description =
    'Runs one SELECT (or EXPLAIN) of DuckDB SQL over the pulled tables, the snapshots, and your own tables ' +
    'and views in user/duckdb/analytics.duckdb, where yours win over published ones of the same name. It ' +
    'reads, and reads inside the workspace only. Numbers are exact in every format.'
  static override examples = [
    '<%= config.bin %> query "SELECT country, count(*) FROM orders GROUP BY ALL"',
    '<%= config.bin %> query "FROM orders" --format csv --out orders.csv',
    '<%= config.bin %> query --file report.sql --json',
    '<%= config.bin %> query --stdin --format parquet --out report.parquet < report.sql',
  ]
  static override args = {sql: Args.string({description: 'The statement'})}
  static override flags = {
    sql: Flags.string({summary: 'The statement', helpValue: 'SQL'}),
    stdin: Flags.boolean({summary: 'Read the statement from standard input'}),
    file: Flags.string({char: 'f', summary: 'Read the statement from a file', helpValue: 'FILE'}),
    format: Flags.option({
      options: QUERY_FORMATS,
      summary: 'How the answer is written [default: table]',
    })(),
    limit: Flags.integer({
      summary: 'Most rows to give [default: 1000 for table, json and markdown, else all]',
      min: 0,
      helpValue: 'N',
    }),
    out: Flags.string({
      summary: 'Write the answer to a file, whole or not at all',
      helpValue: 'FILE',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  private hasJsonFormat = false

  async run(): Promise<QueryResult> {
    const {args, flags} = await this.parse(Query, guardLeadingComment(this.argv))
    const {context, signal} = this
    const {folders, random, filesAt, warehouse, currentDir} = context
    const format = chooseFormat(flags.format, this.jsonEnabled(), flags.out)
    this.hasJsonFormat = format === 'json' && flags.out === undefined
    const sources = {positional: args.sql, flag: flags.sql, useStdin: flags.stdin, file: flags.file}
    const sql = await readSql(sources, {filesAt, currentDir, stdin: context.streams.in})
    const {root} = await context.findWorkspace(flags.workspace)
    const request = {
      sql,
      limit: flags.limit ?? defaultLimit(format),
      render: await rendererOf(format, flags.out === undefined ? context.streams.out : FILE),
      out: flags.out,
      holdBack: format === 'json' ? JSON_HOLD_BACK : 0,
      memoryLimitMb: context.env.queryMemoryMb,
      threads: context.env.queryThreads,
    }
    const deps = {folders, random, filesAt, warehouse, currentDir}
    const places = {workspace: filesAt(root), output: context.streams.out}
    const onFirstWrite = () => this.markPrinted()
    const answer = await answerQuery(request, {...deps, ...places, onFirstWrite}, signal)
    const {warnings, note} = queryNotes(answer, {format, limit: request.limit, ...places})
    for (const warning of warnings) this.addWarning(warning)
    if (note !== '') await context.streams.err.write(note)
    const columns = answer.columns.map(({name, typeText}) => ({name, type: typeText}))
    const {rowCount, isTruncated: truncated, out} = answer
    return {out, format, columns, rowCount, truncated, source: 'local', workspace: root}
  }

  override jsonEnabled(): boolean {
    return this.hasJsonFormat || super.jsonEnabled()
  }
}

/** A JSON document is not begun before this much of it is known to be right. */
const JSON_HOLD_BACK = 8 << 20
const FILE = {isTty: false, hasColor: false, columns: 80}

/** `--json` is short for `--format json`; beside `--out` it is about the report on standard output. */
function chooseFormat(
  format: QueryFormat | undefined,
  isJson: boolean,
  out: string | undefined,
): QueryFormat {
  if (!isJson) return format ?? 'table'
  if (out === undefined && format !== undefined && format !== 'json')
    throw new UsageError(`--json and --format ${format} contradict each other.`, {
      hint: 'Use one of them.',
    })
  return format ?? 'json'
}

async function rendererOf(
  format: QueryFormat,
  {isTty, hasColor, columns}: {isTty: boolean; hasColor: boolean; columns: number},
): Promise<RenderRows | 'parquet'> {
  if (format !== 'arrow') return queryRenderer(format, {isTty, hasColor, columns})
  if (isTty)
    throw new UsageError('Arrow is not for a terminal.', {
      code: 'binary_to_terminal',
      hint: 'Add --out FILE, or pipe the output into another program.',
    })
  return (await import('../lib/arrow/encode-arrow-stream.js')).encodeArrowStream
}
