import {temporaryDirectory} from '../config/paths.js'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {Random} from '../ports/random.js'
import type {OutputStream} from '../ports/streams.js'
import type {Column, Warehouse} from '../ports/warehouse.js'
import type {AnswerOrigin, AnswerSource, RenderRows} from './answer-source.js'
import {deliver, type Destination} from './deliver.js'
import type {CountedRows} from './limit-rows.js'
import {LocalQuery} from './local-query.js'
import {OutFile} from './out-file.js'
import type {QueryLimits} from './query-session.js'

export interface AnswerRequest {
  sql: string
  /** Most rows; `null` for all. */
  limit: number | null
  /** `'parquet'` is written by the engine; everything else by `render`. */
  render: RenderRows | 'parquet'
  /** As given with `--out`; `undefined` for standard output. */
  out: string | undefined
  /** See DeliverOptions. */
  holdBack: number
  memoryLimitMb: number
  threads: number | undefined
}

export interface AnswerDeps {
  workspace: Files
  folders: Folders
  random: Random
  filesAt(root: string): Files
  warehouse: () => Promise<Warehouse>
  output: OutputStream
  currentDir: string
  /** Told once, before the first byte goes to `output`. */
  onFirstWrite(): void
}

export interface QueryAnswer {
  /** Empty where the engine wrote the file itself. */
  columns: readonly Column[]
  rowCount: number
  isTruncated: boolean
  notices: readonly string[]
  origin: AnswerOrigin
  /** Absolute; `null` when the answer went to standard output. */
  out: string | null
}

/** Runs one query on this computer and hands its answer on; nothing of a failed one is left in a file. */
export function answerQuery(
  request: AnswerRequest,
  deps: AnswerDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const limits = queryLimits(request, deps.random)
  const open = (allowedFiles: string[]) =>
    LocalQuery.open({sql: request.sql, limits, allowedFiles}, deps, signal)
  return answerFrom(open, request, deps, signal)
}

/** Hands on the answer of any source. `open` is given the files the source may have to write. */
export async function answerFrom(
  open: (allowedFiles: string[]) => Promise<AnswerSource>,
  request: AnswerRequest,
  deps: AnswerDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  if (request.render === 'parquet' && request.out === undefined && deps.output.isTty)
    throw new UsageError('Parquet is not for a terminal.', {
      code: 'binary_to_terminal',
      hint: 'Add --out FILE, or pipe the output into another program.',
    })
  const file = await prepareFile(request, deps)
  try {
    const query = await open(file ? [file.besidePath] : [])
    try {
      return await answer(query, {request, file}, deps, signal)
    } finally {
      await query.close()
    }
  } finally {
    await file?.abandon()
  }
}

export function queryLimits({memoryLimitMb, threads}: AnswerRequest, random: Random): QueryLimits {
  const tempDirectory = `${temporaryDirectory()}/agnes-query-${random.hex(8)}`
  return {memoryLimitMb, threads, tempDirectory}
}

/** Parquet for standard output goes through a temporary file: its end is written before its beginning is known. */
async function prepareFile(request: AnswerRequest, deps: AnswerDeps): Promise<OutFile | undefined> {
  const places = {currentDir: deps.currentDir, workspaceRoot: deps.workspace.root}
  if (request.out !== undefined) return OutFile.prepare(request.out, places, deps)
  if (request.render !== 'parquet') return undefined
  const currentDir = temporaryDirectory()
  return OutFile.prepare(`agnes-${deps.random.hex(8)}.parquet`, {...places, currentDir}, deps)
}

async function answer(
  query: AnswerSource,
  {request, file}: {request: AnswerRequest; file: OutFile | undefined},
  deps: AnswerDeps,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const {columns, outcome} = await write(query, {request, file}, deps, signal)
  await query.assertWhole()
  if (request.out !== undefined) await file?.commit()
  else if (file) await deliver(file.read(signal), deps.output, {holdBack: 0, ...deps})
  return {
    ...outcome,
    columns,
    notices: query.notices,
    origin: query.origin,
    out: request.out === undefined ? null : (file?.path ?? null),
  }
}

async function write(
  query: AnswerSource,
  {request, file}: {request: AnswerRequest; file: OutFile | undefined},
  deps: AnswerDeps,
  signal: AbortSignal,
): Promise<Pick<CountedRows, 'columns' | 'outcome'>> {
  if (request.render === 'parquet')
    return {
      columns: [],
      outcome: await query.exportParquet(file!.besidePath, request.limit, signal),
    }
  const rows = await query.rows(request.limit, signal)
  const facts = {origin: query.origin, notices: query.notices}
  const destination: Destination = file ? fileDestination(file) : deps.output
  const onFirstWrite = () => (file ? undefined : deps.onFirstWrite())
  await deliver(request.render(rows, facts), destination, {
    holdBack: request.holdBack,
    onFirstWrite,
  })
  return rows
}

function fileDestination(file: OutFile): Destination {
  return {isClosed: false, write: (chunk) => file.write(chunk)}
}
