import type {QueryEstimate} from '../remote/estimate-query.js'
import {bytesText, countText} from './amounts.js'
import {sanitizeLine} from './sanitize.js'
import type {Terminal} from './terminal.js'

/** What a query would read; in a pipe tab-separated names and exact values. */
export function queryEstimateText(estimate: QueryEstimate, {isTty}: Terminal): string {
  const {table, engine, scanBytes, priceUsd, isUpperBound, reason, server} = estimate
  const bytes =
    scanBytes === null
      ? 'n/a'
      : isTty
        ? `${isUpperBound ? 'at most ' : ''}${bytesText(scanBytes)} (${countText(scanBytes)} bytes)`
        : String(scanBytes)
  const lines = [
    ['server', sanitizeLine(server)],
    ['table', sanitizeLine(table ?? 'n/a')],
    ['engine', sanitizeLine(engine ?? 'n/a')],
    ['bytes scanned', bytes],
    [
      'price (USD)',
      priceUsd === null ? 'n/a' : `${priceUsd}${isTty ? " (the server's price)" : ''}`,
    ],
    ...(isTty ? [] : [['upper bound', String(isUpperBound)]]),
    ...(reason === null ? [] : [['why', sanitizeLine(reason)]]),
  ] as [string, string][]
  if (!isTty) return lines.map((line) => line.join('\t')).join('\n')
  return [...lines.map(([name, value]) => `${name.padEnd(14)} ${value}`), 'Nothing was run.'].join(
    '\n',
  )
}
