import {rule} from '../source-path.js'

/** A comment alone does not count as handling: it says what the code should do. */
export const noEmptyCatch = rule(
  'A failure is lost here: return a value that says so, translate it to an error of errors.ts, or do not catch it.',
  (report) => ({
    CatchClause: (node) => {
      if (node.body.body.length === 0 && !isExplained(node)) report(node)
    },
    'CallExpression[callee.property.name="catch"]'(node) {
      const [handler] = node.arguments
      const isFunction = ['ArrowFunctionExpression', 'FunctionExpression'].includes(handler?.type)
      if (isFunction && handler.body.type === 'BlockStatement' && handler.body.body.length === 0)
        report(handler)
    },
  }),
)

/** `catch {}` is bearable only where what follows is the handling, as in a chain of attempts. */
function isExplained(node) {
  const parent = node.parent.parent
  const siblings = parent.type === 'BlockStatement' || parent.type === 'Program' ? parent.body : []
  const next = siblings[siblings.indexOf(node.parent) + 1]
  return next !== undefined && ['ReturnStatement', 'ThrowStatement'].includes(next.type)
}
