import type {CountedRows} from './limit-rows.js'

/** What answered. Its fields stand in the JSON document as they are. */
export type AnswerOrigin = LocalOrigin | ServerOrigin

export interface LocalOrigin {
  source: 'local'
  /** Absolute. */
  workspace: string
  /** Of a query with registered parts: what was fetched for it, in order. */
  registered?: readonly RegisteredPart[]
}

/** Rows that another side made for a query of this computer. Its fields stand in the JSON document. */
export interface RegisteredPart {
  alias: string
  /** Which side ran it; with `server` its address, with `bigquery` the project that pays. */
  source: 'server' | 'bigquery'
  server?: string
  project?: string
  rows: number
  /** Memory its values take here. */
  bytes: number
  /** What the engine read for it; `null` where nobody says, which is not 0. */
  bytesScanned: number | null
  /** In US dollars; `null` where nobody says. */
  priceUsd: number | null
}

export interface ServerOrigin {
  source: 'server'
  /** `scheme://host[:port]`. */
  server: string
  /** Absolute; `null` where the query was asked outside of any. */
  workspace: string | null
  /** What the server's engine read for it; `null` when the server does not say, which is not 0. */
  bytesScanned: number | null
  /** Set when the server showed only the rows this person may see. */
  rowScope: {tables: string[]; note: string} | null
}

/** Turns rows into the bytes of a format. `notices` may still grow until the rows have ended. */
export type RenderRows = (
  rows: CountedRows,
  facts: {origin: AnswerOrigin; notices: readonly string[]},
) => AsyncIterable<string | Uint8Array>

/** One query that has been checked and can be read, once. */
export interface AnswerSource {
  /** Final once `rows` or `exportParquet` has answered. */
  readonly origin: AnswerOrigin
  /** What the reader should know, one sentence each. */
  readonly notices: readonly string[]
  /** @param limit most rows to give; `null` for all */
  rows(limit: number | null, signal: AbortSignal): Promise<CountedRows>
  /** Writes a Parquet file at an absolute path among the files it was opened with. */
  exportParquet(
    path: string,
    limit: number | null,
    signal: AbortSignal,
  ): Promise<CountedRows['outcome']>
  /** To be called once the rows are read; fails when they cannot be trusted after all. */
  assertWhole(): Promise<void>
  close(): Promise<void>
}
