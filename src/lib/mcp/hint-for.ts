import {isAllowed, type Mode, type ToolName} from './policy.js'

/** What an agent calls where the command line says a command. */
const SAME: Readonly<Record<string, ToolName>> = {
  ...{catalog: 'catalog', schema: 'schema', describe: 'describe', sample: 'sample', why: 'why'},
  ...{metrics: 'metrics', 'metrics list': 'metrics', 'metrics show': 'metrics', status: 'status'},
  ...{pull: 'pull', query: 'query', journal: 'query', 'query --remote': 'estimate'},
  ...{'snapshot list': 'snapshot_list', 'snapshot create': 'estimate'},
  ...{'snapshot drop': 'snapshot_list', 'admin grant': 'grant_plan'},
}
const COMMAND = /\bagnes ([a-z][a-z-]*)( --remote\b| [a-z][a-z-]*)?/g

/**
 * A hint of the command line for who can only call tools: the tools of this mode that do the same first, or
 * that a person has to do it. One that names no command stays as it is.
 */
export function hintFor(hint: string, mode: Mode): string {
  const commands = [...hint.matchAll(COMMAND)]
  if (commands.length === 0) return hint
  const names = commands.map(([, first, second = '']) => SAME[first + second] ?? SAME[first!])
  const tools = [...new Set(names)].filter((name) => name !== undefined && isAllowed(name, mode))
  const first = tools.length === 0 ? ASK : `Call ${tools.join(' or ')}`
  return `${first}. For a person at the command line: ${hint}`
}

/** Where no tool of this mode does it. */
export const ASK = 'No tool of this mode does that: ask the person'
