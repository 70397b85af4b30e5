import {isMember, rule} from '../source-path.js'

export const noModuleMocks = rule(
  '{{name}} replaces what the code imports. Hand in a fake of the port instead; if there is no port, one is missing.',
  (report) => ({
    MemberExpression: (node) => {
      if (isMember(node, 'vi', 'mock', 'doMock', 'hoisted', 'spyOn', 'stubGlobal', 'importMock'))
        report(node, {name: `vi.${node.property.name}`})
    },
    ImportDeclaration: (node) => {
      if (/^(sinon|nock|proxyquire|testdouble|mock-fs|memfs|msw)(\/|$)/.test(node.source.value))
        report(node, {name: node.source.value})
    },
  }),
  (path) => !path.startsWith('test/'),
)
