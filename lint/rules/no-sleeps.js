import {rule} from '../source-path.js'

/**
 * A fixed wait is too short on a slow machine and too long on the others. Slow tests that kill at seeded
 * moments wait for just those.
 */
export const noSleeps = rule(
  'A test waits for an event, not for time: advance FakeClock, await `ready`, or poll with vi.waitFor.',
  (report) => ({
    'NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"]'(node) {
      const [work] = node.arguments
      const isResolve = work?.type === 'Identifier' && /^(resolve|done|r|res)$/.test(work.name)
      if (isResolve) report(node)
    },
    ImportDeclaration: (node) => {
      if (/^(node:)?timers\/promises$/.test(node.source.value)) report(node)
    },
  }),
  (path) => !path.startsWith('test/') || path.endsWith('.slow.test.ts'),
)
