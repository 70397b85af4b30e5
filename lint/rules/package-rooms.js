import {rule} from '../source-path.js'

/** Packages that only some files may import, and what the others do instead. */
const OWNERS = [
  {
    package: /^@oclif\/core(\/|$)/,
    files: /^src\/(commands\/|lib\/(base-command|run-cli|explain-cli)\.ts$)/,
    instead: 'only commands, base-command.ts, run-cli.ts and explain-cli.ts know oclif',
  },
  {
    package: /^@duckdb\//,
    files: /^src\/lib\/adapters\/duckdb-[\w-]+\.ts$/,
    instead: 'use the Warehouse port; a second owner of a database file loses its lock silently',
  },
  {
    package: /^got$/,
    files: /^src\/lib\/adapters\//,
    instead: 'use the HttpClient port; it binds the token to one origin',
  },
  {package: /^keytar$/, files: /^src\/lib\/adapters\//, instead: 'use the SecretStore port'},
  {
    package: /^(node:)?(http|https|net|tls)$/,
    files: /^src\/(lib\/adapters|server)\//,
    instead: 'use the HttpClient port',
  },
  {
    package: /^(node:)?child_process$/,
    files: /^src\/lib\/adapters\//,
    instead: 'add a port for it',
  },
]

export const packageRooms = rule(
  '{{name}} does not belong here: {{instead}}.',
  (report, _context, path) => {
    const check = (node) => {
      const name = node.source?.value
      if (typeof name !== 'string' || node.importKind === 'type') return
      const owner = OWNERS.find((candidate) => candidate.package.test(name))
      if (owner && !owner.files.test(path)) report(node, {name, instead: owner.instead})
    }
    return {ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check}
  },
  (path) => !path.startsWith('src/'),
)
