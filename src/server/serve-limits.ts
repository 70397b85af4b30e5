import {parseSize} from '../lib/config/parse-amounts.js'
import type {EngineLimits} from './engine/query-engine.js'
import type {QuotaLimits} from './quota-ledger.js'

/** The flags of `agnes serve` that say what people may use up, as typed. */
export interface LimitFlags {
  'max-scan-bytes'?: string | undefined
  'max-daily-bytes'?: string | undefined
  'max-concurrent'?: number | undefined
}

/** What is not given keeps its default; 0 switches a limit off. `UsageError` for a size that is none. */
export function serveLimits(flags: LimitFlags): {
  limits: Partial<EngineLimits>
  quotas: Partial<QuotaLimits>
} {
  const scan = flags['max-scan-bytes']
  const daily = flags['max-daily-bytes']
  const concurrent = flags['max-concurrent']
  return {
    limits: scan === undefined ? {} : {maxRemoteScanBytes: parseSize(scan, 'max-scan-bytes')},
    quotas: {
      ...(daily === undefined ? {} : {maxDailyBytes: parseSize(daily, 'max-daily-bytes')}),
      ...(concurrent === undefined ? {} : {maxConcurrent: concurrent}),
    },
  }
}
