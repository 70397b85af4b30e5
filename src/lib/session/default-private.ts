import {workspacePaths} from '../config/paths.js'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'

const CONFIG = 'config.yaml'

/**
 * `push.default_private`: true in the workspace's `.claude/agnes/settings.json` or in `config.yaml`.
 * Either one makes it so: a folder that came from elsewhere cannot undo what this account has chosen.
 * @throws UsageError when a file that may hold it cannot be understood
 */
export async function readDefaultPrivate({
  workspace,
  config,
}: {
  workspace: Files
  config: Files
}): Promise<boolean> {
  const own = await workspace.readText(workspacePaths.ownSettings)
  if (own !== undefined && isSet(parse(workspacePaths.ownSettings, () => JSON.parse(own))))
    return true
  const text = await config.readText(CONFIG)
  if (!text?.includes('default_private')) return false
  const {parse: parseYaml} = await import('yaml')
  return isSet(parse(config.absolute(CONFIG), () => parseYaml(text)))
}

function isSet(settings: unknown): boolean {
  const push = isRecord(settings) ? settings.push : undefined
  return isRecord(push) && push.default_private === true
}

function parse(path: string, read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    throw new UsageError(`${path} cannot be read, and it may say that sessions are private.`, {
      code: 'settings_damaged',
      hint: 'Repair the file. Nothing is sent until then.',
      details: {path},
      cause: error,
    })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
