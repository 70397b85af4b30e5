import {isMember, rule} from '../source-path.js'

export const processEnv = rule(
  'Read the variable in config/env.ts as a field of Env and take that as a parameter.',
  (report) => ({
    MemberExpression: (node) => {
      if (isMember(node, 'process', 'env')) report(node)
    },
  }),
  (path) => !path.startsWith('src/') || path === 'src/lib/config/env.ts',
)
