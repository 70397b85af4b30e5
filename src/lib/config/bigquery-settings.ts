import {isAbsolute} from 'node:path'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {RemoteEngineOptions} from '../ports/remote-engine.js'
import type {Env} from './env.js'

const CONFIG = 'config.yaml'

/**
 * The analyst's own BigQuery: the block `bigquery` of config.yaml, each key of which a variable of the
 * environment beats. `null` without a project: then nothing is ever asked with own credentials.
 */
export async function readBigQuerySettings(
  config: Files,
  {bigQuery: env}: Pick<Env, 'bigQuery'>,
): Promise<RemoteEngineOptions | null> {
  const block = await readBlock(config)
  const project = env.project ?? block.project
  if (project === undefined) return null
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]{0,126}$/.test(project))
    throw invalid(`${JSON.stringify(project)} is no project of Google Cloud.`)
  const keyFile = env.keyFile ?? block.key_file
  const endpoint = env.endpoint ?? block.endpoint
  if (endpoint !== undefined) checkEndpoint(endpoint)
  return {
    project,
    location: env.location ?? block.location,
    endpoint,
    keyFile: keyFile === undefined || isAbsolute(keyFile) ? keyFile : config.absolute(keyFile),
  }
}

const KEYS = ['project', 'location', 'endpoint', 'key_file'] as const

async function readBlock(config: Files): Promise<Partial<Record<(typeof KEYS)[number], string>>> {
  const text = (await config.readText(CONFIG)) ?? ''
  // Most files have none, and then no YAML parser is loaded.
  if (!/^\s*["']?bigquery\b/m.test(text)) return {}
  const {parseDocument} = await import('yaml')
  const document = parseDocument(text)
  const where = config.absolute(CONFIG)
  if (document.errors[0])
    throw new UsageError(`${where} is not readable as settings.`, {
      code: 'settings_damaged',
      hint: 'Repair the YAML, or move the file away and run `agnes init` again.',
      cause: document.errors[0],
    })
  const {bigquery} = (document.toJS() ?? {}) as {bigquery?: unknown}
  if (bigquery === undefined || bigquery === null) return {}
  const known: readonly string[] = KEYS
  const entries = typeof bigquery === 'object' ? Object.entries(bigquery) : [['bigquery', bigquery]]
  for (const [key, value] of entries as [string, unknown][])
    if (!known.includes(key) || typeof value !== 'string' || value === '')
      throw invalid(`${key} below bigquery in ${where} is no setting.`)
  return bigquery
}

/** Tokens go there: over TLS, or to this computer. */
function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '')
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) return
  throw invalid(`The address of BigQuery, ${JSON.stringify(endpoint)}, is not https.`)
}

function invalid(message: string): UsageError {
  return new UsageError(message, {
    code: 'bigquery_settings',
    hint: 'Below bigquery in config.yaml stand project, location, key_file and endpoint, each as text.',
  })
}
