/** The linted file below the repository, with `/`: `src/lib/sync/plan-pull.ts`; `''` outside src and test. */
export function sourcePath(context) {
  const path = context.filename.replaceAll('\\', '/')
  const start = Math.max(path.lastIndexOf('/src/'), path.lastIndexOf('/test/'))
  return start === -1 ? '' : path.slice(start + 1)
}

/** Is `node` the member access `object.member` (or one of several members)? */
export function isMember(node, object, ...members) {
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === object &&
    node.property.type === 'Identifier' &&
    (members.length === 0 || members.includes(node.property.name))
  )
}

/** A rule whose one message is `message`, in files that `isExempt` does not name. */
export function rule(message, create, isExempt = () => false) {
  return {
    meta: {type: 'problem', schema: [], messages: {no: message}},
    create(context) {
      const path = sourcePath(context)
      if (isExempt(path)) return {}
      return create(
        (node, data = {}) => context.report({node, messageId: 'no', data}),
        context,
        path,
      )
    },
  }
}
