import {z} from 'zod/mini'
import {UsageError} from '../errors.js'
import {nearestName} from '../nearest-name.js'
import {issueWords} from '../wire/issue-words.js'
import {FINDING_KINDS, type FindingKind, type Policy} from './model.js'
import {parseQuietHours, type QuietHours} from './pace.js'

/** The part `daemon:` of config.yaml. Every key may be left out. */
export interface DaemonSettings {
  /** Between questions to a server that cannot answer 304. */
  intervalMs: number
  /** Between questions to one that can. */
  conditionalIntervalMs: number
  quietHours: QuietHours | null
  /** A pull of more than this many bytes waits for an approval. */
  autoPullBytes: number
  /** Nothing is fetched when it would leave less than this free. */
  freeBytesFloor: number
  /** Most bytes a second a pull may take; `null` for no limit. */
  bytesPerSecond: number | null
  /** Whether work goes on without mains power. */
  isBatteryUsed: boolean
  /** Whether it goes on where the line is paid by volume. */
  isMeteredUsed: boolean
  /** Desktop notices. */
  hasNotices: boolean
  /** Whether `agnes query` is answered by a process that keeps the engine loaded. */
  hasWarmQueries: boolean
  policies: Readonly<Record<FindingKind, Policy>>
}

/** Safe ones: what only restores what was agreed to before is done, everything else is told or asked. */
const POLICIES: Readonly<Record<FindingKind, Policy>> = {
  files_altered: 'auto',
  catalog_behind: 'auto',
  partials_orphaned: 'auto',
  push_waiting: 'auto',
  hooks_altered: 'notify',
  snapshot_expired: 'ask',
  pull_too_big: 'ask',
  token_expiring: 'notify',
  disk_low: 'notify',
  server_unreachable: 'notify',
  grant_lost: 'notify',
}

const MIB = 1024 * 1024
const positive = z.number().check(z.positive())
const policy = z.enum(['auto', 'notify', 'ask', 'off'])

const Document = z.strictObject({
  interval_minutes: z.optional(z.number().check(z.gte(1), z.lte(1440))),
  conditional_interval_seconds: z.optional(z.number().check(z.gte(10), z.lte(86_400))),
  quiet_hours: z.optional(z.string()),
  auto_pull_mib: z.optional(positive),
  min_free_mib: z.optional(z.number().check(z.gte(0))),
  max_mib_per_second: z.optional(positive),
  on_battery: z.optional(z.boolean()),
  on_metered: z.optional(z.boolean()),
  notices: z.optional(z.boolean()),
  warm_queries: z.optional(z.boolean()),
  policies: z.optional(z.record(z.string(), policy)),
})

/**
 * @param value what stands under `daemon:`; `undefined` for nothing
 * @throws UsageError (code `settings_invalid`) that names the key
 */
export function parseDaemonSettings(value: unknown): DaemonSettings {
  const parsed = Document.safeParse(value ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (issue?.code === 'unrecognized_keys') throw unknown(issue.keys[0] ?? '')
    throw invalid(
      issue?.path.join('.') || 'daemon',
      `${issue ? issueWords(issue) : 'is not valid'}.`,
    )
  }
  const given = parsed.data
  return {
    intervalMs: (given.interval_minutes ?? 15) * 60_000,
    conditionalIntervalMs: (given.conditional_interval_seconds ?? 60) * 1000,
    quietHours: quietHoursOf(given.quiet_hours),
    autoPullBytes: (given.auto_pull_mib ?? 2048) * MIB,
    freeBytesFloor: (given.min_free_mib ?? 2048) * MIB,
    bytesPerSecond: given.max_mib_per_second === undefined ? null : given.max_mib_per_second * MIB,
    isBatteryUsed: given.on_battery ?? false,
    isMeteredUsed: given.on_metered ?? false,
    hasNotices: given.notices ?? false,
    hasWarmQueries: given.warm_queries ?? true,
    policies: policiesOf(given.policies ?? {}),
  }
}

function quietHoursOf(text: string | undefined): QuietHours | null {
  if (text === undefined) return null
  const hours = parseQuietHours(text)
  if (!hours) throw invalid('quiet_hours', 'must be like 22:00-07:00.')
  return hours
}

function policiesOf(given: Record<string, Policy>): Readonly<Record<FindingKind, Policy>> {
  for (const kind of Object.keys(given)) {
    if (Object.hasOwn(POLICIES, kind)) continue
    throw invalid(`policies.${kind}`, `is no finding${meant(kind, FINDING_KINDS)}`)
  }
  return {...POLICIES, ...given}
}

function unknown(key: string): UsageError {
  return invalid(key, `is no key${meant(key, Object.keys(Document.shape))}`)
}

function meant(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return near ? `; did you mean ${near}?` : '.'
}

function invalid(key: string, why: string): UsageError {
  return new UsageError(`config.yaml, daemon: ${key} ${why}`, {
    code: 'settings_invalid',
    hint: 'docs/daemon.md lists the keys and what they take.',
    details: {key},
  })
}
