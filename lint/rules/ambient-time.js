import {isMember, rule} from '../source-path.js'

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate']

/** Time and chance come from ports, so that tests can hold them still. */
export const ambientTime = rule(
  '{{name}} belongs in an adapter; take the {{port}} port as a parameter.',
  (report) => ({
    CallExpression: ({callee}) => {
      if (isMember(callee, 'Date', 'now')) report(callee, {name: 'Date.now()', port: 'Clock'})
      if (isMember(callee, 'performance', 'now'))
        report(callee, {name: 'performance.now()', port: 'Clock'})
      if (isMember(callee, 'Math', 'random'))
        report(callee, {name: 'Math.random()', port: 'Random'})
      if (isMember(callee, 'AbortSignal', 'timeout'))
        report(callee, {name: 'AbortSignal.timeout()', port: 'Clock'})
      if (callee.type === 'Identifier' && TIMERS.includes(callee.name))
        report(callee, {name: `${callee.name}()`, port: 'Clock'})
    },
    NewExpression: (node) => {
      if (node.callee.name === 'Date' && node.arguments.length === 0)
        report(node, {name: 'new Date()', port: 'Clock'})
    },
    ImportDeclaration: (node) => {
      if (/^(node:)?timers(\/promises)?$/.test(node.source.value))
        report(node, {name: node.source.value, port: 'Clock'})
    },
  }),
  (path) => !path.startsWith('src/') || path.startsWith('src/lib/adapters/'),
)
