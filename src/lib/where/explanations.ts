/** Why the server's validator refuses a condition, by its `kind`: it sends no words of its own. */
const EXPLANATIONS: Record<string, string> = {
  parse_error:
    'Write one condition, such as --where "country = \'CZ\' AND amount > 10". Texts stand in single quotes.',
  multi_statement: 'Give one condition, without a semicolon.',
  disallowed_node: 'Give one condition; use --limit and --order-by for the rest.',
  nested_select:
    'Filter by values, or make two snapshots and join them: agnes query "SELECT ... FROM a JOIN b USING (id)".',
  ddl_or_dml: 'A condition only filters; it cannot change anything.',
  cross_table_reference:
    'Name columns without a table. Fields of a struct cannot be filtered on the server: filter after the snapshot.',
  unknown_column: 'See the columns of the table in the catalog of the server.',
  unknown_function:
    'Use comparisons and simple functions (LOWER, SUBSTR, REGEXP_CONTAINS, DATE_TRUNC, COALESCE, CASE), or filter after the snapshot.',
}

export function explanationOf(kind: string): string {
  return EXPLANATIONS[kind] ?? 'Simplify the condition, or filter after the snapshot.'
}

interface Refused {
  /** Which dialects refuse it. */
  flavors: 'all' | readonly ('bigquery' | 'duckdb')[]
  instead: string
}

const FILTER_LATER = 'Filter after the snapshot, in the local query.'
const COMPARE_DATES = "Compare with a date instead: event_date >= DATE '2026-01-01'."
const NO_AGGREGATE =
  'A condition looks at one row: aggregate after the snapshot, in the local query.'

/** Functions servers of every version refuse, though some are on their own list of allowed ones. */
export const REFUSED_FUNCTIONS: Readonly<Record<string, Refused>> = {
  DATE_DIFF: {flavors: 'all', instead: COMPARE_DATES},
  DATEDIFF: {flavors: 'all', instead: COMPARE_DATES},
  FORMAT_DATE: {flavors: ['bigquery'], instead: COMPARE_DATES},
  FORMAT_TIMESTAMP: {
    flavors: ['bigquery'],
    instead: "Compare with TIMESTAMP '2026-01-01 00:00:00'.",
  },
  PARSE_DATE: {flavors: ['bigquery'], instead: "Write the date as a literal: DATE '2026-01-01'."},
  PARSE_TIMESTAMP: {
    flavors: ['bigquery'],
    instead: "Write the time as a literal: TIMESTAMP '2026-01-01 00:00:00'.",
  },
  SAFE_CAST: {flavors: 'all', instead: 'Use CAST, or compare the text itself.'},
  TRY_CAST: {flavors: 'all', instead: 'Use CAST, or compare the text itself.'},
  CONTAINS_SUBSTR: {flavors: ['bigquery'], instead: "Use LIKE '%part%', or REGEXP_CONTAINS."},
  DATETIME: {
    flavors: 'all',
    instead: "Write the time as a literal: TIMESTAMP '2026-01-01 00:00:00'.",
  },
  TIMESTAMP_SUB: {flavors: 'all', instead: "Compare with TIMESTAMP '2026-01-01 00:00:00'."},
  TIMESTAMP_TRUNC: {flavors: 'all', instead: 'Compare with two limits: at >= ... AND at < ....'},
  CURRENT_DATETIME: {flavors: 'all', instead: 'Use CURRENT_TIMESTAMP().'},
  DATE_TRUNC: {
    flavors: ['duckdb'],
    instead: "Compare with two limits: d >= DATE '2026-01-01' AND d < ....",
  },
  LEFT: {flavors: 'all', instead: 'Use SUBSTR(text, 1, n).'},
  SAFE_DIVIDE: {flavors: 'all', instead: 'Use a / NULLIF(b, 0).'},
  JSON_VALUE: {flavors: 'all', instead: FILTER_LATER},
  ARRAY_LENGTH: {flavors: 'all', instead: FILTER_LATER},
  UNNEST: {flavors: 'all', instead: FILTER_LATER},
  RAND: {flavors: 'all', instead: 'Use --limit, or sample after the snapshot.'},
  MD5: {flavors: 'all', instead: FILTER_LATER},
  COUNT: {flavors: 'all', instead: NO_AGGREGATE},
  SUM: {flavors: 'all', instead: NO_AGGREGATE},
  AVG: {flavors: 'all', instead: NO_AGGREGATE},
  MIN: {flavors: 'all', instead: NO_AGGREGATE},
  MAX: {flavors: 'all', instead: NO_AGGREGATE},
}
