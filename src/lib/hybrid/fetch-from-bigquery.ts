import {QueryError} from '../errors.js'
import type {RemoteEngine} from '../ports/remote-engine.js'
import {tooManyRows} from './hold-answer.js'
import {listPriceUsd} from '../wire/list-price.js'
import {overCeiling, type Fetched} from './fetch-from-server.js'
import type {Registration} from './registration.js'
import {typedBatches} from './typed-batches.js'

/**
 * One part with the analyst's own credentials: a dry run now, and when the answer is called the statement,
 * under a ceiling that BigQuery itself holds. Anything but a SELECT is refused after the dry run.
 */
export async function planOnBigQuery(
  {alias, sql}: Registration,
  {engine, maxBytes, maxRows}: {engine: RemoteEngine; maxBytes: number; maxRows: number},
  signal: AbortSignal,
): Promise<(signal: AbortSignal) => Promise<Fetched>> {
  const {scanBytes, statementType} = await engine.estimate(sql, signal)
  if (statementType !== 'SELECT')
    throw new QueryError(`The SQL of ${alias} is no SELECT: BigQuery calls it ${statementType}.`, {
      code: 'not_a_query',
      hint: 'Register one SELECT, or WITH and a SELECT.',
      details: {alias, statement: statementType},
    })
  if (scanBytes > maxBytes) throw overCeiling(alias, {scanBytes, maxBytes})
  return async (signal) => {
    const rows = await engine.run(sql, {maxBytes}, signal)
    if (rows.rowCount > maxRows) throw tooManyRows(alias, maxRows)
    const {bytesScanned} = rows
    return {rows: await typedBatches(rows), bytesScanned, priceUsd: listPriceUsd(bytesScanned)}
  }
}
