import {literal} from '../catalog/table-source.js'
import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {journalParts} from './journal-files.js'

/** The name that decisions answer to in a query. */
export const JOURNAL_TABLE = 'agnes_journal'

const BEGAN =
  'id VARCHAR, "at" VARCHAR, "user" VARCHAR, client VARCHAR, mode VARCHAR, action VARCHAR, ' +
  'server VARCHAR, why VARCHAR, seen JSON, did JSON'
const ENDED = 'result VARCHAR, code VARCHAR, message VARCHAR, outcome JSON, durationMs BIGINT'

/**
 * The journal as something to select from, a row each decision; `at` and `user` are words of SQL, so they
 * are `decided_at` (UTC) and `who` there; of no rows while nothing is written down. The same pairs as `readDecisions` makes.
 */
export async function journalSource(workspace: Files): Promise<string> {
  const facts = await workspace.stat(workspacePaths.journal)
  const paths = [...(await journalParts(workspace)), ...(facts ? [workspacePaths.journal] : [])]
  const files = paths.map((path) => literal(workspace.absolute(path))).join(', ')
  const columns = `kind VARCHAR, ${BEGAN}, ${ENDED}`
  const lines =
    paths.length > 0
      ? `read_json([${files}], format = 'newline_delimited',
        ignore_errors = true, columns = ${columnsOf(columns)})`
      : `(SELECT ${nullsOf(columns)} WHERE false)`
  return `(WITH lines AS (SELECT * FROM ${lines}),
    began AS (SELECT * FROM lines WHERE kind = 'began' AND id IS NOT NULL AND "at" IS NOT NULL),
    ended AS (SELECT * FROM lines WHERE kind = 'ended' AND id IS NOT NULL AND "at" IS NOT NULL)
    SELECT b.id, TRY_CAST(b."at" AS TIMESTAMP) AS decided_at, b."user" AS who, b.client, b.mode,
      b.action, b.server, b.why, b.seen, b.did, coalesce(e.result, 'unknown') AS result, e.code, e.message, e.outcome,
      e.durationMs AS duration_ms
    FROM began b LEFT JOIN ended e ON e.id = b.id)`
}

function columnsOf(list: string): string {
  const pairs = list.split(', ').map((column) => column.replaceAll('"', '').split(' '))
  return `{${pairs.map(([name, type]) => `'${name}': '${type}'`).join(', ')}}`
}

function nullsOf(list: string): string {
  const pairs = list.split(', ').map((column) => column.split(' '))
  return pairs.map(([name, type]) => `NULL::${type} AS ${name}`).join(', ')
}
