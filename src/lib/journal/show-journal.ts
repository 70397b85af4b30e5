import type {Env} from '../config/env.js'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import {answerQuery, type AnswerDeps} from '../query/answer-query.js'
import {JOURNAL_TABLE} from './journal-source.js'
import {readDecisions, type Decision} from './read-decisions.js'

export interface Journal {
  /** Absolute. */
  workspace: string
  /** Newest last; the last `limit` of them, none with `out`. */
  decisions: Decision[]
  /** How many there are. */
  total: number
  /** Lines that could not be read. */
  damagedLines: number
  /** Older decisions that were let go since the journal had grown over its bound. */
  letGo: number
  /** Absolute path of the Parquet file; `null` without one. */
  out: string | null
}

export interface JournalRequest {
  /** Most decisions to show. */
  limit: number
  /** A Parquet file to write all of them to. */
  out: string | undefined
}

export async function showJournal(
  request: JournalRequest,
  deps: AnswerDeps & {env: Pick<Env, 'queryMemoryMb' | 'queryThreads'>},
  signal: AbortSignal,
): Promise<Journal> {
  const {workspace} = deps
  const {decisions, damagedLines, letGo} = await readDecisions(workspace)
  const out = request.out === undefined ? null : await exportJournal(request.out, deps, signal)
  const shown = out === null && request.limit > 0 ? decisions.slice(-request.limit) : []
  return {
    workspace: workspace.root,
    decisions: shown,
    total: decisions.length,
    ...{damagedLines, letGo, out},
  }
}

async function exportJournal(
  out: string,
  deps: AnswerDeps & {workspace: Files; env: Pick<Env, 'queryMemoryMb' | 'queryThreads'>},
  signal: AbortSignal,
): Promise<string | null> {
  if (!/\.parquet$/i.test(out))
    throw new UsageError(
      `${out} does not end with .parquet, the one format the journal is kept in.`,
      {
        code: 'journal_format',
        hint: `For another one, ask it: agnes query "FROM ${JOURNAL_TABLE}" --format csv --out FILE`,
      },
    )
  const {env} = deps
  const request = {
    ...{sql: `FROM ${JOURNAL_TABLE} ORDER BY decided_at, id`, limit: null, out, holdBack: 0},
    ...{render: 'parquet' as const, memoryLimitMb: env.queryMemoryMb, threads: env.queryThreads},
  }
  return (await answerQuery(request, deps, signal)).out
}
