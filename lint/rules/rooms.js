import {posix} from 'node:path'
import {sourcePath} from '../source-path.js'

/** Which rooms a room may import from; house.md, section 2, and docs/walkthrough.md. */
const ALLOWED = {
  main: ['cli'],
  cli: ['cli', 'context', 'errors', 'present', 'ports', 'use case', 'sanitizer'],
  context: ['adapters', 'context', 'config', 'errors', 'ports', 'use case', 'wire'],
  commands: [
    'cli',
    'config',
    'context',
    'errors',
    'ports',
    'present',
    'server',
    'service',
    'use case',
    'wire',
    'sanitizer',
  ],
  server: ['config', 'errors', 'ports', 'server', 'use case', 'wire', 'sanitizer'],
  service: ['config', 'errors', 'ports', 'present', 'service', 'use case', 'wire', 'sanitizer'],
  'use case': ['config', 'errors', 'ports', 'use case', 'wire', 'sanitizer'],
  present: ['config', 'errors', 'ports', 'present', 'use case', 'wire', 'sanitizer'],
  adapters: ['adapters', 'config', 'errors', 'ports', 'wire', 'sanitizer'],
  config: ['config', 'errors', 'ports', 'sanitizer'],
  wire: ['errors', 'ports', 'wire', 'sanitizer'],
  ports: ['errors', 'ports'],
  sanitizer: [],
  errors: [],
}

const ADVICE = {
  adapters: 'take the port as a parameter; only context.ts builds adapters',
  context: 'take what you need as a parameter; only commands ask the context',
  commands: 'move what both need into a use-case folder',
  cli: 'services know nothing of the command line; return a value or throw an error of errors.ts',
  server: 'move what both need into a use-case folder of src/lib',
  service: 'move what both need into a use-case folder of src/lib',
  present: 'return data; the command chooses how it is shown',
  'use case': 'turn the dependency round: this room is below the use cases',
  config: 'take the value as a parameter',
  wire: 'take the value as a parameter',
  main: 'nothing imports the entry',
  errors: 'errors.ts stands alone',
  sanitizer: 'ports and errors stand alone',
  ports: 'errors.ts stands alone',
}

/** Imports between the rooms of src go one way. A presenter may import a command's result type. */
export const rooms = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {no: '{{from}} must not import from {{to}}: {{advice}}.'},
  },
  create(context) {
    const path = sourcePath(context)
    if (!path.startsWith('src/')) return {}
    const from = roomOf(path)
    const check = (node) => {
      const source = node.source?.value
      if (typeof source !== 'string' || !source.startsWith('.')) return
      const to = roomOf(posix.join(posix.dirname(path), source))
      if (ALLOWED[from].includes(to)) return
      if (from === 'present' && to === 'commands' && node.importKind === 'type') return
      context.report({node, messageId: 'no', data: {from, to, advice: ADVICE[to]}})
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    }
  },
}

/** @param {string} path `src/lib/sync/plan-pull.ts` */
export function roomOf(path) {
  const [, first, second, third] = path.replace(/\.(js|ts)$/, '').split('/')
  if (first === 'main') return 'main'
  if (first === 'commands' || first === 'server') return first
  // Needed wherever a string of a server becomes a message or a file.
  if (second === 'present' && third === 'sanitize') return 'sanitizer'
  if (
    [
      'base-command',
      'run-cli',
      'run-hook',
      'run-idle',
      'run-mcp',
      'run-pull',
      'run-query',
      'explain-cli',
    ].includes(second)
  )
    return 'cli'
  if (second === 'daemon' || second === 'mcp') return 'service'
  return second in ALLOWED ? second : 'use case'
}
