import {z} from 'zod/mini'
import type {JobOutcome} from '../ports/job-runner.js'
import {OVER_LIMIT} from '../sync/refuse-over.js'

/** How a pull that was run as a job ended. */
export type PullOutcome =
  | {kind: 'done'; revoked: string[]}
  /** More bytes than may be fetched without asking. */
  | {kind: 'too_big'; message: string}
  | {kind: 'failed'; code: string; message: string}

const Failure = z.object({error: z.object({code: z.string(), message: z.string()})})
const Named = z.array(z.object({table: z.string()}))
const Result = z.object({
  ok: z.boolean(),
  downloaded: Named,
  adopted: Named,
  kept: z.array(z.string()),
  pruned: z.array(z.object({table: z.string(), reason: z.string()})),
  failed: z.array(z.object({table: z.string(), code: z.string(), error: z.string()})),
})
/** Reasons for which a table may not be seen any more. */
const LOST = new Set(['revoked', 'server_only', 'not_in_packages'])

export function readPullOutcome({exitCode, document}: JobOutcome): PullOutcome {
  const failure = Failure.safeParse(document)
  if (failure.success) {
    const {code, message} = failure.data.error
    return code === OVER_LIMIT ? {kind: 'too_big', message} : {kind: 'failed', code, message}
  }
  const result = Result.safeParse(document)
  if (!result.success)
    return {
      kind: 'failed',
      code: 'no_answer',
      message: `The pull ended with ${exitCode} and without an answer.`,
    }
  const {pruned, failed} = result.data
  if (exitCode === 0) return {kind: 'done', revoked: lostOf(pruned)}
  const [first] = failed
  const message = first
    ? `${failed.length} table(s) failed, such as ${first.table}: ${first.error}`
    : ''
  return {kind: 'failed', code: first?.code ?? 'partial', message}
}

/** Tables a pull took away because they may not be seen any more, and those that are here after it. */
export function readGrants({document}: JobOutcome): {lost: string[]; here: string[]} {
  const tables = Result.safeParse(document)
  if (!tables.success) return {lost: [], here: []}
  const {pruned, downloaded, adopted, kept} = tables.data
  return {
    lost: lostOf(pruned),
    here: [...[...downloaded, ...adopted].map(({table}) => table), ...kept],
  }
}

function lostOf(pruned: readonly {table: string; reason: string}[]): string[] {
  return pruned.filter(({reason}) => LOST.has(reason)).map(({table}) => table)
}
