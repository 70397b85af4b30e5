import {UnreachableError} from '../errors.js'
import {isFields, textField} from './read-fields.js'

/** The body of `POST /api/v2/scan` and `/api/v2/scan/estimate`; `from_query` is for newer servers only. */
export interface ScanBody {
  table_id: string
  select?: string[]
  where?: string
  limit?: number
  order_by?: string[]
  from_query?: string
  as?: string
  /** Ours: the ceiling for what the engine reads; servers that do not know it ignore it. */
  max_bytes?: number
}

/** What a scan would cost, as the server thinks. `null` is "not known", never "free". */
export interface ScanEstimate {
  /** `bigquery`, `local`, …; `null` from servers that do not say. */
  engine: string | null
  scanBytes: number | null
  /** A guess from column widths, not a count. */
  resultRows: number | null
  resultBytes: number | null
  costUsd: number | null
}

/** Whether an estimate is about the query that was sent; servers that do not know such look at the table alone. */
export function isOfQuery(body: unknown): boolean {
  return isFields(body) && body.from_query === true
}

/** Any answer that is an object; what a server leaves out is `null`. */
export function readScanEstimate(body: unknown): ScanEstimate {
  if (!isFields(body))
    throw new UnreachableError('The server answered the estimate with something unreadable.', {
      code: 'unreadable_answer',
      hint: 'Check the server address; a proxy may stand in front of it.',
    })
  return {
    engine: textField(body.engine),
    scanBytes: amount(body.estimated_scan_bytes),
    resultRows: amount(body.estimated_result_rows),
    resultBytes: amount(body.estimated_result_bytes),
    costUsd: amount(body.bq_cost_estimate_usd),
  }
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
}
