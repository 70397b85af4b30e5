import {Args, Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {chooseFormat} from '../lib/present/choose-format.js'
import {chooseRenderer} from '../lib/present/choose-renderer.js'
import {queryEstimateText} from '../lib/present/query-estimate-text.js'
import {defaultLimit, QUERY_FORMATS, type QueryFormat} from '../lib/present/query-formats.js'
import {queryNotes} from '../lib/present/query-notes.js'
import {answerWithParts} from '../lib/hybrid/answer-with-parts.js'
import {readRegistrations} from '../lib/hybrid/registration.js'
import type {RegisteredPart} from '../lib/query/answer-source.js'
import {estimateInScope, SCOPES} from '../lib/remote/answer-in-scope.js'
import type {QueryEstimate} from '../lib/remote/estimate-query.js'
import {parseSize} from '../lib/config/parse-amounts.js'
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
  source: 'local' | 'server'
  /** Absolute; `null` for a server asked outside of any workspace. */
  workspace: string | null
  /** With `source: 'server'`: its address, the bytes its engine read (`null`: it does not say), whose rows. */
  server?: string
  bytesScanned?: number | null
  rowScope?: {tables: string[]; note: string} | null
  /** With --register or --register-bq: what was fetched, by whom, and what it cost. */
  registered?: readonly RegisteredPart[]
}

const part = (summary: string) =>
  Flags.string({summary, helpValue: 'ALIAS=SQL', multiple: true, multipleNonGreedy: true})

export default class Query extends BaseCommand<QueryResult | QueryEstimate> {
  static override summary = 'Ask the tables in SQL, on this computer or on the server'
  static override description =
    'Runs one SELECT (or EXPLAIN) of DuckDB SQL over the pulled tables, the snapshots, and your own tables ' +
    'and views in user/duckdb/analytics.duckdb, where yours win over published ones of the same name. It ' +
    'reads, and reads inside the workspace only. Numbers are exact in every format. What the last pull saw on ' +
    'the server alone is asked there, and said so; --remote asks there always, in the dialect of the server. ' +
    'SQL registered under an alias runs on the server (or in BigQuery) first, and its rows are joined here.'
  static override examples = [
    '<%= config.bin %> query "SELECT country, count(*) FROM orders GROUP BY ALL"',
    '<%= config.bin %> query "FROM orders" --format csv --out orders.csv',
    '<%= config.bin %> query --file report.sql --json',
    '<%= config.bin %> query --remote "SELECT device, count(*) FROM web_sessions GROUP BY 1" --estimate',
    '<%= config.bin %> query --register "w=SELECT country, count(*) AS n FROM web_sessions GROUP BY 1" "FROM w JOIN countries USING (country)"',
    '<%= config.bin %> query --stdin --format parquet --out report.parquet < report.sql',
  ]
  static override args = {
    // Otherwise oclif reads standard input for it as well, as far as it comes within 10 ms.
    sql: Args.string({description: 'The statement', ignoreStdin: true}),
  }
  static override flags = {
    ...serverFlag,
    sql: Flags.string({summary: 'The statement', helpValue: 'SQL'}),
    stdin: Flags.boolean({
      summary: 'Read the statement from standard input, or JSON with the registered SQL',
    }),
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
    scope: Flags.option({options: SCOPES, summary: 'Which side answers [default: auto]'})(),
    remote: Flags.boolean({summary: 'Ask the server, as --scope remote', exclusive: ['scope']}),
    estimate: Flags.boolean({summary: 'Tell what the server would read, and run nothing'}),
    'max-bytes': Flags.string({
      summary: 'Most bytes to read on the server, such as 500m [default: AGNES_REMOTE_MAX_BYTES]',
      helpValue: 'N',
    }),
    register: part('Let the rows of SQL that runs on the server answer to an alias here'),
    'register-bq': part('The same in BigQuery, with your own credentials where they are set up'),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  private hasJsonFormat = false

  async run(): Promise<QueryResult | QueryEstimate> {
    const {args, flags} = await this.parse(Query, guardLeadingComment(this.argv))
    const {context, signal} = this
    const {streams, env, filesAt, currentDir, folders, random, clock, config} = context
    const {warehouse, findWorkspace, serverOrigin, http, openBigQuery} = context
    const sources = {positional: args.sql, flag: flags.sql, useStdin: flags.stdin, file: flags.file}
    const {sql, document} = await readSql(sources, {filesAt, currentDir, stdin: streams.in})
    const scope = flags.remote ? 'remote' : (flags.scope ?? 'auto')
    const {register = [], 'register-bq': registerBq = [], estimate: wantsEstimate = false} = flags
    const most = flags['max-bytes']
    const registrations = readRegistrations({register, registerBq, document, scope, wantsEstimate})
    const deps = {
      ...{filesAt, currentDir, folders, random, clock, config},
      ...{warehouse, findWorkspace, serverOrigin, http, openBigQuery, env},
      output: streams.out,
      workspaceFlag: flags.workspace,
      timeoutMs: env.remoteQueryTimeoutMs,
      maxBytes: most === undefined ? env.remoteMaxBytes : parseSize(most, 'max-bytes'),
      onFirstWrite: () => this.markPrinted(),
      onNotice: (text: string) => this.addWarning(text),
    }
    if (wantsEstimate) {
      const estimate = await estimateInScope({sql, scope}, deps, signal)
      await this.present(estimate, (_result, terminal) => queryEstimateText(estimate, terminal))
      return estimate
    }
    const format = chooseFormat(flags.format, this.jsonEnabled(), flags.out)
    this.hasJsonFormat = format === 'json' && flags.out === undefined
    const request = {
      ...{sql, scope, registrations, out: flags.out, limit: flags.limit ?? defaultLimit(format)},
      render: await chooseRenderer(format, flags.out === undefined ? streams.out : null),
      holdBack: format === 'json' ? JSON_HOLD_BACK : 0,
      memoryLimitMb: env.queryMemoryMb,
      threads: env.queryThreads,
    }
    const answer = await answerWithParts(request, deps, signal)
    const {warnings, note} = queryNotes(answer, {format, output: streams.out})
    for (const warning of warnings) this.addWarning(warning)
    if (note !== '') await streams.err.write(note)
    const columns = answer.columns.map(({name, typeText}) => ({name, type: typeText}))
    const {rowCount, isTruncated: truncated, out, origin} = answer
    return {out, format, columns, rowCount, truncated, ...origin}
  }

  override jsonEnabled(): boolean {
    return this.hasJsonFormat || super.jsonEnabled()
  }
}

/** A JSON document is not begun before this much of it is known to be right. */
const JSON_HOLD_BACK = 8 << 20
