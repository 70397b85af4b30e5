/**
 * The words of a statement in the dialects a server may speak (DuckDB and BigQuery): enough to tell
 * names from texts and comments. What SQL means is for the server to say.
 */
export interface SqlWord {
  kind: 'word' | 'quoted' | 'text' | 'symbol' | 'comment'
  /** As written. */
  text: string
  start: number
  end: number
}

const KINDS = ['comment', 'text', 'quoted', 'word', 'symbol'] as const

const PATTERN = new RegExp(
  [
    String.raw`(?<comment>--[^\n\r]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<text>'(?:[^']|'')*(?:'|$)|\$\$[\s\S]*?\$\$)`,
    String.raw`(?<quoted>"(?:[^"]|"")*(?:"|$)|` + '`[^`]*(?:`|$))',
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
    String.raw`(?<symbol>\d[\d.eE_]*|\S)`,
  ].join('|'),
  'gu',
)

export function sqlWords(sql: string): SqlWord[] {
  return [...sql.matchAll(PATTERN)].map(({0: text, index, groups}) => ({
    kind: KINDS.find((kind) => groups?.[kind] !== undefined) ?? 'symbol',
    text,
    start: index,
    end: index + text.length,
  }))
}

/** The name a word or a quoted word stands for. */
export function nameOf({kind, text}: SqlWord): string {
  return kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : text
}
