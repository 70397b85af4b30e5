import {isMember, rule} from '../source-path.js'

export const noFocusedTests = rule(
  '{{name}} leaves tests out without telling. Delete it, or use `skipIf` with the condition.',
  (report) => ({
    MemberExpression: (node) => {
      for (const suite of ['it', 'test', 'describe'])
        if (isMember(node, suite, 'only', 'skip', 'todo', 'fails'))
          report(node, {name: `${suite}.${node.property.name}`})
    },
    CallExpression: ({callee}) => {
      if (callee.type === 'Identifier' && /^(fit|fdescribe|xit|xdescribe|xtest)$/.test(callee.name))
        report(callee, {name: callee.name})
    },
  }),
  (path) => !path.startsWith('test/'),
)
