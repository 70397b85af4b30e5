import {isAbsolute, resolve} from 'node:path'
import type {RemoteEngineOptions, TablePath} from '../../lib/ports/remote-engine.js'
import type {RemoteAttach} from './read-extract.js'

/** A database that remote tables of one source live in. */
export interface Attachment {
  alias: string
  /** Absolute path of a DuckDB file. */
  file: string
  /** Decryption key, or `null` for a plain file. */
  key: string | null
}

/** Remote tables that lie in BigQuery, which no session can attach. */
export interface BigQuerySource {
  options: RemoteEngineOptions
  /** By the name of the published table. */
  paths: ReadonlyMap<string, TablePath>
}

/** What a session needs to answer for the remote tables of one source. */
export interface RemoteSource {
  /** Absolute path of the source's `extract.duckdb`, whose views name the attachments by alias. */
  extractFile: string
  attachments: readonly Attachment[]
  /** `null` where no table of the source is in BigQuery. */
  bigQuery: BigQuerySource | null
  /** Why these tables cannot be read now, as a sentence; `null` when they can. */
  problem: string | null
}

/** Where a `_remote_attach` row points. */
export function remoteFile(remote: RemoteAttach, sourceFolder: string): string {
  const path = remote.url.replace(/^(file:\/\/|duckdb:|sqlite:)/, '')
  return isAbsolute(path) ? path : resolve(sourceFolder, path)
}

export function isSqlite(remote: RemoteAttach): boolean {
  return ['sqlite', 'sqlite_scanner'].includes(remote.extension)
}

export function isDuckDb(remote: RemoteAttach): boolean {
  return ['', 'duckdb'].includes(remote.extension)
}

export function isBigQuery(remote: RemoteAttach): boolean {
  return remote.extension === 'bigquery'
}
