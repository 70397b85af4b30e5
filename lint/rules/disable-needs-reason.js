import {rule} from '../source-path.js'

const SWITCH = /^\s*(eslint-disable\S*|@ts-expect-error|@ts-ignore|@ts-nocheck)/

export const disableNeedsReason = rule(
  '{{name}} needs a reason: `{{name}} … -- why it is right here`.',
  (report, context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const name = SWITCH.exec(comment.value)?.[1]
        if (name && !/ -- \S+/.test(comment.value)) report(comment, {name})
      }
    },
  }),
)
