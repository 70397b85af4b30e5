import {sizeOf} from './parse-amounts.js'

/** The only reader of `process.env`. Every variable the client honours is a field here. */
export interface Env {
  /** Server URL; beats config.yaml. */
  server: string | undefined
  /** Token; beats stored credentials. */
  token: string | undefined
  /** Folder for config.yaml and credentials. */
  configDir: string | undefined
  /** Workspace to use whatever the current folder is; empty means unset. */
  localDir: string | undefined
  xdgConfigHome: string | undefined
  xdgRuntimeDir: string | undefined
  home: string | undefined
  /** Where Claude Code keeps its own files. */
  claudeConfigDir: string | undefined
  /** The Claude Code session this process was started by. */
  claudeSessionId: string | undefined
  /** The project folder of the Claude Code hook this process is; set for hooks (and what they start) only. */
  claudeProjectDir: string | undefined
  /** Claude Code ran this through its shell tool: no hook, whatever else is set. */
  isClaudeShell: boolean
  /** Longest time a hook spends before the rest goes on in the background. */
  hookBudgetMs: number
  /** How long the server may take to say that nothing is new before a hook goes on without it. */
  hookAnswerMs: number
  /** Most bytes a hook fetches itself. */
  hookBudgetBytes: number
  /** Data older than this is told to the session and shown by the status line. */
  staleAfterMs: number
  /** Transcripts go uncompressed whatever the server accepts. */
  pushNoGzip: boolean
  /** Never touch the system's keychain. */
  noKeychain: boolean
  /** Days before its end from which an expiring token is announced; 0 for never. */
  renewDays: number
  /** Certificates Node trusts besides its own: a file. */
  extraCaCerts: string | undefined
  proxy: ProxyEnv
  debug: boolean
  noColor: boolean
  /** Answer queries in this process, whatever the daemon offers. */
  noWarmQueries: boolean
  /** Tables downloaded at once, at least 1. */
  pullParallelism: number
  /** Byte ranges of one big file at once, 1 to 16. */
  pullChunkParallelism: number
  /** Files above this many bytes are fetched in ranges. */
  pullChunkThresholdBytes: number
  /** Most bytes a second of a pull; `null` for no limit. */
  pullBytesPerSecond: number | null
  /** Extra attempts after a failed transfer. */
  streamRetries: number
  /** A transfer with no byte for this long counts as failed. */
  stallMs: number
  /** Memory a local query may use, in megabytes (2^20); what needs more spills to a temporary folder. */
  queryMemoryMb: number
  /** Threads of a local query; `undefined` for one per core. */
  queryThreads: number | undefined
  /** Longest silence of a server in any request, where it would be longer; `undefined` for none. */
  httpTimeoutMs: number | undefined
  /** How long a query on the server may stay silent. */
  remoteQueryTimeoutMs: number
  /** Most bytes a query on the server may read, where nothing else is said; `undefined` for no ceiling of ours. */
  remoteMaxBytes: number | undefined
  /** Most bytes the server may scan for one snapshot. */
  snapshotMaxBytes: number
  /** Most rows that one registered part of a query may have. */
  registerMaxRows: number
  /** Memory that the registered parts of a query may take together. */
  registerMaxBytes: number
  /** Most characters of one answer of the MCP server. */
  mcpMaxOutputChars: number
  /** The analyst's own BigQuery; each beats its key of config.yaml. */
  bigQuery: BigQueryEnv
  /** A variable that data names, such as the key of a remote source. */
  variable: (name: string) => string | undefined
}

/** The usual proxy variables; the lower-case spelling wins. */
export interface ProxyEnv {
  http: string | undefined
  https: string | undefined
  all: string | undefined
  /** Comma-separated hosts, domains and `host:port` that are reached directly; `*` for all. */
  none: string | undefined
}

export interface BigQueryEnv {
  /** Runs, and pays for, what is asked with own credentials. */
  project: string | undefined
  location: string | undefined
  endpoint: string | undefined
  keyFile: string | undefined
}

export type EnvSource = Readonly<Record<string, string | undefined>>

const CHUNK_THRESHOLD_BYTES = 52_428_800
const HOOK_BYTES = 67_108_864

export function readEnv(source: EnvSource = process.env): Env {
  return {
    server: text(source.AGNES_SERVER),
    token: text(source.AGNES_TOKEN),
    configDir: text(source.AGNES_CONFIG_DIR),
    localDir: text(source.AGNES_LOCAL_DIR),
    xdgConfigHome: text(source.XDG_CONFIG_HOME),
    xdgRuntimeDir: text(source.XDG_RUNTIME_DIR),
    home: text(source.HOME) ?? text(source.USERPROFILE),
    claudeConfigDir: text(source.CLAUDE_CONFIG_DIR),
    claudeSessionId: text(source.CLAUDE_CODE_SESSION_ID),
    claudeProjectDir: text(source.CLAUDE_PROJECT_DIR),
    isClaudeShell: truthy(source.CLAUDECODE),
    hookBudgetMs: integer(source.AGNES_HOOK_SECONDS, 5, 0, 600) * 1000,
    hookAnswerMs: integer(source.AGNES_HOOK_ANSWER_MS, 250, 0, 60_000),
    hookBudgetBytes: integer(source.AGNES_HOOK_MAX_BYTES, HOOK_BYTES, 0, Number.MAX_SAFE_INTEGER),
    staleAfterMs: integer(source.AGNES_STALE_HOURS, 48, 1, 87_600) * 3_600_000,
    pushNoGzip: truthy(source.AGNES_PUSH_NO_GZIP),
    noKeychain: truthy(source.AGNES_NO_KEYCHAIN),
    renewDays: integer(source.AGNES_TOKEN_RENEW_DAYS, 7, 0, 3650),
    extraCaCerts: text(source.NODE_EXTRA_CA_CERTS),
    proxy: {
      http: text(source.http_proxy) ?? text(source.HTTP_PROXY),
      https: text(source.https_proxy) ?? text(source.HTTPS_PROXY),
      all: text(source.all_proxy) ?? text(source.ALL_PROXY),
      none: text(source.no_proxy) ?? text(source.NO_PROXY),
    },
    debug: truthy(source.AGNES_DEBUG),
    noColor: text(source.NO_COLOR) !== undefined,
    noWarmQueries: truthy(source.AGNES_NO_WARM_QUERIES),
    pullParallelism: integer(source.AGNES_PULL_PARALLELISM, 4, 1, 64),
    pullChunkParallelism: integer(source.AGNES_PULL_CHUNK_PARALLELISM, 4, 1, 16),
    pullChunkThresholdBytes: integer(
      source.AGNES_PULL_CHUNK_THRESHOLD_BYTES,
      CHUNK_THRESHOLD_BYTES,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    pullBytesPerSecond:
      integer(source.AGNES_PULL_BYTES_PER_SECOND, 0, 0, Number.MAX_SAFE_INTEGER) || null,
    streamRetries: integer(source.AGNES_STREAM_RETRIES, 3, 0, 100),
    stallMs: integer(source.AGNES_STALL_SECONDS, 30, 1, 3600) * 1000,
    queryMemoryMb: integer(source.AGNES_QUERY_MEMORY_MB, 2048, 64, 1_048_576),
    queryThreads: integer(source.AGNES_QUERY_THREADS, 0, 0, 1024) || undefined,
    httpTimeoutMs: seconds(source.AGNES_HTTP_TIMEOUT),
    remoteQueryTimeoutMs: integer(source.AGNES_QUERY_TIMEOUT, 300, 1, 86_400) * 1000,
    remoteMaxBytes: byteCount(source.AGNES_REMOTE_MAX_BYTES),
    snapshotMaxBytes: byteCount(source.AGNES_SNAPSHOT_MAX_BYTES) ?? 5 * 2 ** 30,
    registerMaxRows: integer(source.AGNES_REGISTER_MAX_ROWS, 500_000, 1, 1_000_000),
    registerMaxBytes: integer(source.AGNES_REGISTER_MAX_MB, 1024, 1, 1_048_576) * 2 ** 20,
    mcpMaxOutputChars: integer(source.AGNES_MCP_MAX_OUTPUT_CHARS, 100_000, 2_000, 10_000_000),
    bigQuery: {
      project: text(source.AGNES_BIGQUERY_PROJECT) ?? text(source.BIGQUERY_PROJECT),
      location: text(source.AGNES_BIGQUERY_LOCATION),
      endpoint: text(source.AGNES_BIGQUERY_ENDPOINT),
      keyFile: text(source.AGNES_BIGQUERY_KEY_FILE),
    },
    variable: (name) => text(source[name]),
  }
}

/** For programs we start that have no use for a token: everything but the token. */
export function environmentForOthers(source: EnvSource = process.env): Record<string, string> {
  const {AGNES_TOKEN: _token, ...others} = source
  return Object.fromEntries(
    Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** What a process started in the background inherits: all but what would make it take itself for a hook. */
export function backgroundEnvironment(source: EnvSource = process.env): EnvSource {
  const {CLAUDE_PROJECT_DIR: _hook, CLAUDE_ENV_FILE: _file, ...rest} = source
  return rest
}

/** What decides about a local query, for the process that answers it; never the token. */
export function queryVariables(source: EnvSource = process.env): Record<string, string> {
  const isMeant = (name: string) =>
    QUERY_VARIABLES.has(name) || (name.startsWith('AGNES_') && name !== 'AGNES_TOKEN')
  return Object.fromEntries(
    Object.entries(source).flatMap(([name, value]) =>
      value !== undefined && isMeant(name) ? [[name, value]] : [],
    ),
  )
}

const QUERY_VARIABLES = new Set([
  ...['HOME', 'USERPROFILE', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'],
  ...['NO_COLOR', 'CLAUDE_PROJECT_DIR', 'CLAUDECODE'],
])

/** What libraries and the engine read by themselves: it has to be the same where one process answers for another. */
export function surroundings(source: EnvSource = process.env): Record<string, string> {
  const names = ['HOME', 'USERPROFILE', 'TZ', 'TMPDIR', 'TMP', 'TEMP']
  return Object.fromEntries(names.map((name) => [name, source[name] ?? '']))
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}

function truthy(value: string | undefined): boolean {
  return ['1', 'true', 'yes'].includes(value?.trim().toLowerCase() ?? '')
}

/** Decimals are welcome: `0.5`. Milliseconds; `undefined` for what is no such number. */
function seconds(value: string | undefined): number | undefined {
  const given = text(value)
  if (given === undefined || !/^\d{1,6}(\.\d+)?$/.test(given)) return undefined
  return Math.max(1, Math.round(Number(given) * 1000))
}

/** A ceiling that cannot be read is the lowest one there is: it must never be lifted by a typing error. */
function byteCount(value: string | undefined): number | undefined {
  const given = text(value)
  return given === undefined ? undefined : (sizeOf(given) ?? 0)
}

/** A whole number clamped into `[min, max]`; anything else is the default. */
function integer(value: string | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined || !/^\s*-?\d+\s*$/.test(value)) return fallback
  return Math.min(max, Math.max(min, Number.parseInt(value, 10)))
}
