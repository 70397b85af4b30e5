import {z} from 'zod/mini'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'

/** `config.yaml`, shared with the reference client: unknown keys are kept. */
export interface Settings {
  /** The default server's URL. */
  server: string | undefined
}

/** `workspaces.json`: every workspace `init` made on this account, newest last. */
const Registry = z.object({
  format: z.literal(1),
  workspaces: z.array(z.object({path: z.string(), server: z.string(), createdAt: z.string()})),
})
export type RegisteredWorkspace = z.infer<typeof Registry>['workspaces'][number]

export async function readSettings(config: Files): Promise<Settings> {
  const values = await readConfigYaml(config)
  const server = values.server
  return {server: typeof server === 'string' ? server : undefined}
}

export async function saveServer(config: Files, server: string): Promise<void> {
  const {stringify} = await import('yaml')
  const values = await readConfigYaml(config)
  await config.writeAtomic('config.yaml', stringify({...values, server}))
}

async function readConfigYaml(config: Files): Promise<Record<string, unknown>> {
  const text = await config.readText('config.yaml')
  if (text === undefined) return {}
  // The usual file is one `server: URL` line; that form needs no YAML parser at start-up.
  const simple = /^server:[ \t]+(https?:\/\/[^\s#'"]+)[ \t]*\r?\n?$/.exec(text)
  if (simple) return {server: simple[1]}
  const {parse} = await import('yaml')
  try {
    const values: unknown = parse(text)
    if (values === null) return {}
    if (typeof values === 'object' && !Array.isArray(values)) return values as Record<string, unknown>
  } catch {
    // Falls through to the same refusal: the file is somebody's, so it is not overwritten.
  }
  throw new UsageError(`${config.absolute('config.yaml')} is not readable as settings.`, {
    code: 'settings_damaged',
    hint: 'Repair the YAML, or move the file away and run `agnes init` again.',
  })
}

/** A damaged registry reads as empty: it only helps to find workspaces, and `init` rebuilds it. */
export async function readRegistry(config: Files): Promise<RegisteredWorkspace[]> {
  const text = await config.readText('workspaces.json')
  if (text === undefined) return []
  try {
    return Registry.parse(JSON.parse(text)).workspaces
  } catch {
    return []
  }
}

export async function registerWorkspace(config: Files, entry: RegisteredWorkspace): Promise<void> {
  const others = (await readRegistry(config)).filter(({path}) => path !== entry.path)
  const document = {format: 1, workspaces: [...others, entry]}
  await config.writeAtomic('workspaces.json', JSON.stringify(document, null, 2) + '\n')
}
