import {sqlWords, type SqlWord} from './sql-words.js'

/**
 * What a server's admission check makes of a statement. It looks for forbidden text anywhere, in names
 * and values too, and answers "Only single SELECT" whatever it found; so we say which word it was.
 */

/** The statement without what some servers refuse around it: comments before and after, one last `;`. */
export function bareStatement(sql: string): string {
  const words = sqlWords(sql)
  const first = words.findIndex(({kind}) => kind !== 'comment')
  let last = words.findLastIndex(({kind}) => kind !== 'comment')
  if (words[last]?.text === ';')
    last = words.findLastIndex(({kind}, index) => index < last && kind !== 'comment')
  if (first < 0 || last < first) return sql
  return sql.slice(words[first]!.start, words[last]!.end)
}

export interface AdmissionProblem {
  /** The word, text or comment as written. */
  text: string
  /** What is the matter and what to write instead, as a sentence. */
  advice: string
}

const VERBS =
  'drop delete insert update alter create copy attach detach load install export import pragma call'

const NAMES =
  'read_csv read_json read_parquet read_text read_blob read_ndjson write_csv write_parquet parquet_scan ' +
  'parquet_metadata parquet_schema json_scan csv_scan iceberg_scan delta_scan list_files query_table ' +
  'bigquery_query information_schema duckdb_tables duckdb_columns duckdb_databases duckdb_settings ' +
  'duckdb_functions duckdb_views duckdb_indexes duckdb_schemas pragma_table_info pragma_storage_info'

const PLACES = [`'/`, `"/`, `'../`, `"../`, 'http://', 'https://', 's3://', 'gcs://']

/** Harmless words a server is known to refuse. Empty for a statement that really is no query. */
export function admissionProblems(sql: string): AdmissionProblem[] {
  const words = sqlWords(sql)
  if (!/^(select|with)$/i.test(words[0]?.text ?? '')) return []
  return words.flatMap((word) => {
    const advice = adviceOn(word, sql)
    return advice === undefined ? [] : [{text: word.text, advice}]
  })
}

function adviceOn({kind, text, end}: SqlWord, sql: string): string | undefined {
  const lower = text.toLowerCase()
  const followed = `${lower}${sql[end] === ' ' ? ' ' : ''}`
  const hasVerb = VERBS.split(' ').some((verb) => followed.includes(`${verb} `))
  if (kind === 'comment')
    return hasVerb || lower.includes(';') ? 'Leave this comment out.' : undefined
  const isLiteral = kind === 'text' || kind === 'quoted'
  if (isLiteral && PLACES.some((place) => lower.includes(place)))
    return `It looks like a path or an address. Put it together from parts, such as 'http:' || '//…'.`
  if (isLiteral && lower.includes(';')) return 'Write the semicolon as chr(59).'
  if (hasVerb)
    return isLiteral
      ? 'Put the text together from parts, so that the word is not followed by a space.'
      : 'Put a line break after it instead of a space.'
  const name = NAMES.split(' ').find((known) => lower.includes(known))
  return name === undefined ? undefined : `The server refuses everything called ${name}.`
}
