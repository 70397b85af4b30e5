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
  home: string | undefined
  /** Where Claude Code keeps its own files. */
  claudeConfigDir: string | undefined
  /** The Claude Code session this process was started by. */
  claudeSessionId: string | undefined
  /** Transcripts go uncompressed whatever the server accepts. */
  pushNoGzip: boolean
  debug: boolean
  noColor: boolean
  /** Tables downloaded at once, at least 1. */
  pullParallelism: number
  /** Byte ranges of one big file at once, 1 to 16. */
  pullChunkParallelism: number
  /** Files above this many bytes are fetched in ranges. */
  pullChunkThresholdBytes: number
  /** Extra attempts after a failed transfer. */
  streamRetries: number
  /** A transfer with no byte for this long counts as failed. */
  stallMs: number
  /** Memory a local query may use, in megabytes (2^20); what needs more spills to a temporary folder. */
  queryMemoryMb: number
  /** Threads of a local query; `undefined` for one per core. */
  queryThreads: number | undefined
  /** How long a query on the server may stay silent. */
  remoteQueryTimeoutMs: number
  /** Most bytes a query on the server may read, where nothing else is said; `undefined` for no ceiling of ours. */
  remoteMaxBytes: number | undefined
  /** Most bytes the server may scan for one snapshot. */
  snapshotMaxBytes: number
  /** A variable that data names, such as the key of a remote source. */
  variable: (name: string) => string | undefined
}

export type EnvSource = Readonly<Record<string, string | undefined>>

const CHUNK_THRESHOLD_BYTES = 52_428_800

export function readEnv(source: EnvSource = process.env): Env {
  return {
    server: text(source.AGNES_SERVER),
    token: text(source.AGNES_TOKEN),
    configDir: text(source.AGNES_CONFIG_DIR),
    localDir: text(source.AGNES_LOCAL_DIR),
    xdgConfigHome: text(source.XDG_CONFIG_HOME),
    home: text(source.HOME) ?? text(source.USERPROFILE),
    claudeConfigDir: text(source.CLAUDE_CONFIG_DIR),
    claudeSessionId: text(source.CLAUDE_CODE_SESSION_ID),
    pushNoGzip: truthy(source.AGNES_PUSH_NO_GZIP),
    debug: truthy(source.AGNES_DEBUG),
    noColor: text(source.NO_COLOR) !== undefined,
    pullParallelism: integer(source.AGNES_PULL_PARALLELISM, 4, 1, 64),
    pullChunkParallelism: integer(source.AGNES_PULL_CHUNK_PARALLELISM, 4, 1, 16),
    pullChunkThresholdBytes: integer(
      source.AGNES_PULL_CHUNK_THRESHOLD_BYTES,
      CHUNK_THRESHOLD_BYTES,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    streamRetries: integer(source.AGNES_STREAM_RETRIES, 3, 0, 100),
    stallMs: integer(source.AGNES_STALL_SECONDS, 30, 1, 3600) * 1000,
    queryMemoryMb: integer(source.AGNES_QUERY_MEMORY_MB, 2048, 64, 1_048_576),
    queryThreads: integer(source.AGNES_QUERY_THREADS, 0, 0, 1024) || undefined,
    remoteQueryTimeoutMs: integer(source.AGNES_QUERY_TIMEOUT, 300, 1, 86_400) * 1000,
    remoteMaxBytes: byteCount(source.AGNES_REMOTE_MAX_BYTES),
    snapshotMaxBytes: integer(
      source.AGNES_SNAPSHOT_MAX_BYTES,
      5_368_709_120,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    variable: (name) => text(source[name]),
  }
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}

function truthy(value: string | undefined): boolean {
  return ['1', 'true', 'yes'].includes(value?.trim().toLowerCase() ?? '')
}

/** A ceiling that cannot be read is the lowest one there is: it must never be lifted by a typing error. */
function byteCount(value: string | undefined): number | undefined {
  if (text(value) === undefined) return undefined
  return integer(value, 0, 0, Number.MAX_SAFE_INTEGER)
}

/** A whole number clamped into `[min, max]`; anything else is the default. */
function integer(value: string | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined || !/^\s*-?\d+\s*$/.test(value)) return fallback
  return Math.min(max, Math.max(min, Number.parseInt(value, 10)))
}
