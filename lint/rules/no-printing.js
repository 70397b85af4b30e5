import {isMember, rule} from '../source-path.js'

const OWNERS =
  /^src\/(main\.ts$|commands\/|lib\/(context|base-command|run-cli|explain-cli)\.ts$|lib\/adapters\/)/

/** Services are called by the daemon and the MCP server too: they never print and never exit. */
export const noPrinting = rule(
  '{{name}} belongs to the command line; return a value, throw an error of errors.ts, or tell the Logger port.',
  (report) => ({
    MemberExpression: (node) => {
      if (isMember(node, 'console')) report(node, {name: `console.${node.property.name}`})
      if (
        isMember(
          node,
          'process',
          'exit',
          'exitCode',
          'stdout',
          'stderr',
          'stdin',
          'argv',
          'on',
          'once',
        )
      )
        report(node, {name: `process.${node.property.name}`})
    },
  }),
  (path) => !path.startsWith('src/') || OWNERS.test(path),
)
