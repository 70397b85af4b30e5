import {z} from 'zod/mini'
import {UnexpectedError, UnreachableError} from '../errors.js'
import type {Folders} from '../ports/folders.js'
import type {ProgramOutcome, Programs} from '../ports/programs.js'
import {
  MARKETPLACE,
  type InstalledPlugin,
  type PluginAction,
  type PluginScope,
} from './marketplace-model.js'

/** The `claude plugin` commands, run in one workspace for one scope. */
export interface ClaudePlugins {
  /** Plugins of our marketplace that are installed for this scope. */
  installed(signal?: AbortSignal): Promise<InstalledPlugin[]>
  /** Makes `folder` the marketplace called `agnes`; `true` when it was not so before. */
  register(folder: string, signal?: AbortSignal): Promise<boolean>
  /** Has the client read the shelf again. */
  reread(signal?: AbortSignal): Promise<void>
  apply(action: PluginAction, signal?: AbortSignal): Promise<void>
}

const TIMEOUT_MS = 120_000
const VERBS = {install: 'install', update: 'update', remove: 'uninstall'} as const

const Listed = z.array(
  z.looseObject({
    id: z.string(),
    version: z.optional(z.nullable(z.string())),
    scope: z.optional(z.nullable(z.string())),
    enabled: z.optional(z.boolean()),
    projectPath: z.optional(z.nullable(z.string())),
  }),
)
const Marketplaces = z.array(
  z.looseObject({name: z.string(), path: z.optional(z.nullable(z.string()))}),
)

export function claudePlugins(
  {programs, folders}: {programs: Programs; folders: Folders},
  /** Absolute real path. */
  workspace: string,
  scope: PluginScope,
): ClaudePlugins {
  const run = async (args: readonly string[], signal?: AbortSignal): Promise<string> => {
    const options = {folder: workspace, timeoutMs: TIMEOUT_MS}
    const outcome = await programs.run('claude', ['plugin', ...args], options, signal)
    if (outcome.exitCode === 0) return outcome.stdout
    throw failed(args, outcome)
  }
  const isHere = async (path: string | null | undefined) =>
    scope === 'user' || (typeof path === 'string' && (await folders.realPath(path)) === workspace)

  return {
    async installed(signal) {
      const plugins: InstalledPlugin[] = []
      const ending = `@${MARKETPLACE}`
      for (const {id, version, enabled, ...rest} of parse(Listed, await run(LIST, signal), LIST))
        if (id.endsWith(ending) && rest.scope === scope && (await isHere(rest.projectPath)))
          plugins.push({
            name: id.slice(0, -ending.length),
            version: version ?? null,
            isEnabled: enabled !== false,
          })
      return plugins
    },
    async register(folder, signal) {
      const list = ['marketplace', 'list', '--json']
      const known = parse(Marketplaces, await run(list, signal), list)
      if (known.some(({name, path}) => name === MARKETPLACE && path === folder)) return false
      // The path is of this computer: it does not belong into settings that are shared.
      const where = scope === 'user' ? 'user' : 'local'
      await run(['marketplace', 'add', folder, '--scope', where], signal)
      return true
    },
    async reread(signal) {
      await run(['marketplace', 'update', MARKETPLACE], signal)
    },
    async apply({action, name}, signal) {
      await run([VERBS[action], `${name}@${MARKETPLACE}`, '--scope', scope], signal)
    },
  }
}

const LIST = ['list', '--json'] as const

function parse<Shape>(
  shape: {safeParse(value: unknown): {success: true; data: Shape} | {success: false}},
  text: string,
  args: readonly string[],
): Shape {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UnreachableError(`The answer of \`claude plugin ${args.join(' ')}\` cannot be read.`, {
    code: 'claude_unreadable',
    hint: 'Nothing was changed. Update Claude Code: claude update',
  })
}

function failed(args: readonly string[], {stdout, stderr}: ProgramOutcome): UnexpectedError {
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? ''
  return new UnexpectedError(`\`claude plugin ${args.join(' ')}\` failed: ${said}`, {
    code: 'claude_failed',
    details: {said},
  })
}
