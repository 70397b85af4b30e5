/** BigQuery's list price of 2^40 bytes read; what a contract says otherwise is not known here. */
const USD_PER_TIB = 6.25

/** In US dollars, to a hundredth of a cent. */
export function listPriceUsd(bytes: number): number {
  return Number(((bytes / 2 ** 40) * USD_PER_TIB).toFixed(4))
}
