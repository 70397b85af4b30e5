import {isMember, rule} from '../source-path.js'

/** The working folder and the home folder are found in one file, so that tests can move them. */
export const processPlaces = rule(
  'Only config/paths.ts asks for {{name}}; take the folder as a parameter.',
  (report) => ({
    MemberExpression: (node) => {
      if (isMember(node, 'process', 'cwd', 'chdir'))
        report(node, {name: `process.${node.property.name}`})
    },
    ImportSpecifier: (node) => {
      const isOs = /^(node:)?os$/.test(node.parent.source.value)
      if (isOs && ['homedir', 'tmpdir'].includes(node.imported.name))
        report(node, {name: node.imported.name})
    },
  }),
  (path) => !path.startsWith('src/') || path === 'src/lib/config/paths.ts',
)
