import {rule} from '../source-path.js'

// eslint-disable-next-line no-control-regex -- the escape character is what this looks for
const ESCAPE = /\u001B|\\u001[bB]|\\x1[bB]|\\033/

export const ansiOnlyInPresent = rule(
  'Terminal codes belong in src/lib/present (terminal.ts has `paint`); return plain text.',
  (report) => ({
    Literal: (node) => {
      if (typeof node.value === 'string' && ESCAPE.test(node.raw)) report(node)
      if (node.regex && ESCAPE.test(node.regex.pattern)) report(node)
    },
    TemplateElement: (node) => {
      if (ESCAPE.test(node.value.raw)) report(node)
    },
  }),
  (path) => !path.startsWith('src/') || path.startsWith('src/lib/present/'),
)
