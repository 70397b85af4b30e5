/**
 * What a pull asks of the download engine: one published file, verified, in a place below the
 * workspace from which it can be renamed. Bytes already there from an earlier run are used.
 *
 * Rejects with `IntegrityError` for wrong bytes, `TooLargeError` when the disk is full, the HTTP kinds
 * of `HttpClient`, and the signal's reason on abort. What was received so far is kept for the next run.
 * A server that stays away ends the run: every later fetch rejects at once with the same error.
 */
export interface TableFetcher {
  fetch(
    request: FetchRequest,
    onBytes: (doneBytes: number) => void,
    signal: AbortSignal,
  ): Promise<FetchedFile>
  /** Call it when all fetches have settled. */
  close(): Promise<void>
}

export interface FetchRequest {
  table: string
  /** The manifest's part path; `null` for the whole table. */
  part: string | null
  /** `null` when the server gave none: then only the format is checked. */
  md5: string | null
  sizeBytes: number | null
}

export interface FetchedFile {
  /** Relative to the workspace; the caller moves it away. */
  path: string
  sizeBytes: number
  /** Of the bytes received. */
  md5: string
}
