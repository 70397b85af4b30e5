import {UsageError} from '../errors.js'
import {hasTexts} from './has-texts.js'
import {oneAtATime, type ConfigFolder} from './one-at-a-time.js'
import type {Files} from '../ports/files.js'

const CONFIG = 'config.yaml'
const REGISTRY = 'workspaces.json'

/** `config.yaml`, shared with the reference client: unknown keys and comments are kept. */
export interface Settings {
  /** The default server's URL. */
  server: string | undefined
  /** Where sign-in keeps tokens, as it was found out or chosen. */
  credentialStore?: CredentialStore | undefined
  /** A file of certificates to trust besides the usual ones, absolute or relative to the config folder. */
  ca?: string | undefined
}
export type CredentialStore = 'keychain' | 'file'

/** A key of config.yaml that agnes writes. */
type SettingKey = 'server' | 'credential_store'

/**
 * An entry of `workspaces.json`: every workspace `init` made on this account, newest last. `path` is
 * absolute, `server` an origin, `createdAt` ISO 8601.
 */
export interface RegisteredWorkspace {
  path: string
  server: string
  createdAt: string
}

export async function readSettings(config: Files): Promise<Settings> {
  const text = await readConfigText(config)
  const values = simpleValues(text) ?? (await parseConfig(config, text)).toJS()
  const {server, credential_store: store, ca} = (values ?? {}) as Record<string, unknown>
  return {
    server: typeof server === 'string' ? server : undefined,
    credentialStore: store === 'keychain' || store === 'file' ? store : undefined,
    ca: typeof ca === 'string' && ca !== '' ? ca : undefined,
  }
}

/** What stands under `daemon:`, as parsed YAML; `undefined` for nothing. */
export async function readDaemonValue(config: Files): Promise<unknown> {
  const text = await readConfigText(config)
  if (!/^daemon\s*:/m.test(text)) return undefined
  const {daemon} = ((await parseConfig(config, text)).toJS() ?? {}) as {daemon?: unknown}
  return daemon
}

/** The usual file is a few `key: value` lines; that form needs no YAML parser at start-up. */
function simpleValues(text: string): Record<string, string> | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => /^([a-z_]+):[ \t]+([A-Za-z/][^\s#'"]*)[ \t]*$/.exec(line))
  const keys = pairs.map((pair) => pair?.[1])
  if (pairs.includes(null) || new Set(keys).size < keys.length) return undefined
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1], pair[2]]] : [])))
}

/** Sets the default server. Writes nothing when it is the one already there; true when it wrote. */
export function saveServer(
  folder: ConfigFolder,
  server: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return changeSetting(folder, 'server', () => server, signal)
}

/**
 * Sets one key by what it is at that moment, or removes it (`undefined`). Writes nothing when it stays as
 * it is; true when it wrote. `BusyError` when another agnes keeps the file for longer than a command waits.
 */
export async function changeSetting(
  folder: ConfigFolder,
  key: SettingKey,
  change: (now: string | undefined) => string | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const {config} = folder
  // Mostly nothing changes, and then a folder that cannot be written to is no matter.
  if ((await changedText(config, key, change)) === undefined) return false
  const work = async () => {
    const text = await changedText(config, key, change)
    if (text !== undefined) await config.writeAtomic(CONFIG, text)
    return text !== undefined
  }
  return oneAtATime(folder, CONFIG, work, signal)
}

/** The whole file with the change; `undefined` when there is none. */
async function changedText(
  config: Files,
  key: SettingKey,
  change: (now: string | undefined) => string | undefined,
): Promise<string | undefined> {
  const text = await readConfigText(config)
  if (text.trim() === '') {
    const first = change(undefined)
    return first === undefined ? undefined : `${key}: ${first}\n`
  }
  const document = await parseConfig(config, text)
  const now = document.get(key)
  const value = change(typeof now === 'string' ? now : undefined)
  if (value === now) return undefined
  if (value === undefined) document.delete(key)
  else document.set(key, value)
  return document.toString()
}

async function readConfigText(config: Files): Promise<string> {
  return ((await config.readText(CONFIG)) ?? '').replace(/^\uFEFF/, '')
}

async function parseConfig(config: Files, text: string) {
  const {isMap, parseDocument} = await import('yaml')
  const document = parseDocument(text)
  const isSettings = document.contents === null || isMap(document.contents)
  if (document.errors.length === 0 && isSettings) return document
  throw new UsageError(`${config.absolute(CONFIG)} is not readable as settings.`, {
    code: 'settings_damaged',
    hint: 'Repair the YAML, or move the file away and run `agnes init` again.',
    ...(document.errors[0] ? {cause: document.errors[0]} : {}),
  })
}

/** A damaged registry reads as empty: it only helps to find workspaces, and `init` rebuilds it. */
export async function readRegistry(config: Files): Promise<RegisteredWorkspace[]> {
  return (await parseRegistry(config)) ?? []
}

/**
 * Adds a workspace; writes nothing when it is registered as it is. A damaged registry is kept beside
 * the new one; the answer is then its name.
 */
export async function registerWorkspace(
  config: Files,
  entry: RegisteredWorkspace,
): Promise<{keptDamaged: string | null}> {
  const known = await parseRegistry(config)
  const same = known?.find(({path, server}) => path === entry.path && server === entry.server)
  if (same) return {keptDamaged: null}
  const keptDamaged = known === undefined ? `${REGISTRY}.damaged` : null
  if (keptDamaged !== null) await config.install(REGISTRY, keptDamaged)
  const others = (known ?? []).filter(({path}) => path !== entry.path)
  const document = {format: 1, workspaces: [...others, entry]}
  await config.writeAtomic(REGISTRY, JSON.stringify(document, null, 2) + '\n')
  return {keptDamaged}
}

/** `undefined` when the file is there but cannot be understood. */
async function parseRegistry(config: Files): Promise<RegisteredWorkspace[] | undefined> {
  const text = await config.readText(REGISTRY)
  if (text === undefined) return []
  try {
    const document: unknown = JSON.parse(text)
    return isRegistry(document) ? document.workspaces : undefined
  } catch {
    return undefined
  }
}

function isRegistry(value: unknown): value is {workspaces: RegisteredWorkspace[]} {
  const {format, workspaces} = (value ?? {}) as {format?: unknown; workspaces?: unknown}
  if (format !== 1 || !Array.isArray(workspaces)) return false
  return workspaces.every((entry) => hasTexts(entry, 'path', 'server', 'createdAt'))
}
