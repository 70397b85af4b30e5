import ts from 'typescript'

export interface PrintedCommand {
  /** `src/lib/context.ts:42` */
  where: string
  /** What follows the word agnes, up to the end of the command. */
  text: string
  /** True for a command to copy as it is (code, or after "Run:"), false inside prose. */
  isWhole: boolean
}

/** Commands in a Markdown page or another text file: code spans, code lines and mentions. */
export function commandsInText(text: string, file: string): PrintedCommand[] {
  return text
    .split('\n')
    .flatMap((line, index) => commandsIn(line, `${file}:${index + 1}`, /^\s*(\$ )?$/))
}

/** Commands in the string and template literals of TypeScript source; `${…}` reads as X. */
export function commandsInSource(source: string, file: string): PrintedCommand[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true)
  const found: PrintedCommand[] = []
  const visit = (node: ts.Node) => {
    const text = literalText(node)
    const {line} = tree.getLineAndCharacterOfPosition(node.getStart(tree))
    if (text !== undefined)
      for (const part of text.split('\n'))
        found.push(...commandsIn(part, `${file}:${line + 1}`, /\$ $/))
    if (!ts.isTemplateExpression(node)) ts.forEachChild(node, visit)
    else node.templateSpans.forEach((span) => visit(span.expression))
  }
  visit(tree)
  return found
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((span) => `X${span.literal.text}`).join('')
  // A long sentence is written as a sum of literals.
  return undefined
}

function commandsIn(line: string, where: string, lineStart: RegExp): PrintedCommand[] {
  const found: PrintedCommand[] = []
  for (const match of line.matchAll(/(?<![\w./-])(?:agnes|<%= config\.bin %>) (?=[a-z[-])/g)) {
    const before = line.slice(0, match.index)
    const after = line.slice(match.index + match[0].length)
    const inSpan = (before.match(/`/g)?.length ?? 0) % 2 === 1
    const isLine = lineStart.test(before)
    const isHint = /(Run|Next|mean): $/.test(before) || match[0].startsWith('<%')
    const end = inSpan
      ? /`/
      : isLine || isHint
        ? /(\. |\.$|, (and|or|then) |; | {2,})/
        : /[`".,;:()]| {2}/
    const [text = ''] = after.split(end)
    found.push({where, text: text.trim(), isWhole: inSpan || isLine || isHint})
  }
  return found
}

/** Splits like a shell, without expansion; stops where the command ends. */
export function words(text: string): string[] {
  const found: string[] = []
  for (const [, single, double, plain] of text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) {
    if (plain !== undefined && /^(\||\|\||&&|;|>|<|#|2>.*|…|\.\.\.)$/.test(plain)) break
    found.push(single ?? double ?? plain!)
  }
  return found
}
