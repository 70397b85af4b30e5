import {UsageError} from '../errors.js'

/** One remote part of a query: rows that will answer to a name on this computer. */
export interface Registration {
  alias: string
  /** In the dialect of whoever runs it. */
  sql: string
  /** `bigquery`: by the analyst's own credentials where those are set up, else by the server as well. */
  via: 'server' | 'bigquery'
}

/** Of standard input, as given; checked by `readRegistrations`. */
export interface RegistrationSources {
  /** `alias=SQL`, in order. */
  register: readonly string[]
  registerBq: readonly string[]
  /** The keys of a JSON document on standard input. */
  document?: {register?: unknown; register_bq?: unknown} | undefined
  /** What else was asked for. */
  scope: string
  wantsEstimate: boolean
}

const ALIAS = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
/** Catalogs and schemas of the engine. */
const RESERVED = /^(?:information_schema|main|memory|system|temp|analytics|pg_catalog|duckdb_.*)$/i

/** Every registration, wherever it was given. `UsageError` for one that is none, or an alias that cannot be. */
export function readRegistrations({
  register,
  registerBq,
  document = {},
  ...asked
}: RegistrationSources): Registration[] {
  const all = [
    ...register.map((text) => fromFlag(text, 'server')),
    ...fromDocument(document.register, 'register', 'server'),
    ...registerBq.map((text) => fromFlag(text, 'bigquery')),
    ...fromDocument(document.register_bq, 'register_bq', 'bigquery'),
  ]
  if (all.length > 0) refuseElsewhere(asked)
  const taken = new Set<string>()
  for (const {alias, sql} of all) {
    checkAlias(alias)
    if (taken.has(alias.toLowerCase())) throw aliasTaken(alias, 'another registration has it')
    taken.add(alias.toLowerCase())
    if (sql.trim() === '')
      throw new UsageError(`The registration ${alias} has no SQL.`, {
        code: 'registration_invalid',
        hint: EXAMPLE,
        details: {alias},
      })
  }
  return all
}

/** Flags that mean something else than a query over local tables. */
function refuseElsewhere({
  scope,
  wantsEstimate,
}: Pick<RegistrationSources, 'scope' | 'wantsEstimate'>): void {
  if (wantsEstimate)
    throw new UsageError('--estimate is about one query on the server, not about registered SQL.', {
      code: 'estimate_hybrid',
      hint: 'Ask about it by itself: agnes query --remote "SELECT ..." --estimate',
    })
  if (scope === 'remote')
    throw new UsageError('A query over registered SQL runs on this computer.', {
      code: 'hybrid_remote',
      hint: 'Leave --remote out: the registered SQL goes to the server by itself.',
    })
}

export function aliasTaken(alias: string, why: string): UsageError {
  return new UsageError(`The alias ${alias} cannot be used: ${why}.`, {
    code: 'alias_taken',
    hint: 'Choose another alias, and use it in the query as well.',
    details: {alias},
  })
}

const EXAMPLE =
  'Write it as alias=SQL, such as: --register "ev=SELECT country, count(*) AS n FROM web_sessions GROUP BY 1"'

function fromFlag(text: string, via: Registration['via']): Registration {
  const at = text.indexOf('=')
  if (at > 0) return {alias: text.slice(0, at).trim(), sql: text.slice(at + 1).trim(), via}
  const flag = via === 'server' ? '--register' : '--register-bq'
  throw new UsageError(`${flag} needs an alias before the SQL.`, {
    code: 'registration_invalid',
    hint: EXAMPLE,
  })
}

function fromDocument(value: unknown, key: string, via: Registration['via']): Registration[] {
  if (value === undefined || value === null) return []
  const entries = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : null
  if (entries?.every(([, sql]) => typeof sql === 'string'))
    return entries.map(([alias, sql]) => ({alias, sql: sql as string, via}))
  throw new UsageError(`The key ${key} on standard input is not {"alias": "SELECT ..."}.`, {
    code: 'registration_invalid',
    hint: `Send {"sql": "SELECT ...", "${key}": {"ev": "SELECT ..."}}.`,
  })
}

function checkAlias(alias: string): void {
  if (ALIAS.test(alias) && !RESERVED.test(alias)) return
  throw new UsageError(`${JSON.stringify(alias)} cannot be an alias.`, {
    code: 'alias_invalid',
    hint: 'An alias is a letter or _, then up to 63 letters, digits and _; names of the engine itself are taken.',
    details: {alias},
  })
}
