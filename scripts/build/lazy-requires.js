// esbuild plugin: top-level require() calls of CommonJS packages run on first use, not at load.
//
// oclif's modules require each other in one big knot, so that parsing one flag loads its help
// renderer, a template engine, a glob library and a TypeScript locator. Its files are compiler
// output in a fixed form (`const name_1 = require("x")`, used only as `name_1.member`), which makes
// the change mechanical; a name used in any other way is left as it is.
import {readFile} from 'node:fs/promises'

const DECLARATION =
  /^(?:const|var) (\w+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm

/** @param {RegExp} files the files to change */
export function lazyRequires(files) {
  return {
    name: 'lazy-requires',
    setup(build) {
      build.onLoad({filter: files}, async ({path}) => ({
        contents: withoutStdout(makeLazy(await readFile(path, 'utf8'))),
        loader: 'js',
      }))
    },
  }
}

/**
 * Loading the Command class opens stdout to ignore EPIPE there. Our streams do that themselves, and a
 * quiet run opens none.
 */
function withoutStdout(source) {
  return source.replace(/^process\.stdout\.on\('error', [^]*?^\}\);$/m, '')
}

/** @param {string} source */
export function makeLazy(source) {
  let changed = source
  for (const [declaration, name, expression] of source.matchAll(DECLARATION)) {
    const rest = changed.replace(declaration, '')
    const uses = rest.match(new RegExp(`(?<![.\\w$])${name}\\b`, 'g'))?.length ?? 0
    const memberUse = new RegExp(`(?<![.\\w$])${name}\\.`, 'g')
    if (uses !== (rest.match(memberUse)?.length ?? 0)) continue
    const body = rest.replace(memberUse, `(load_${name}()).`)
    changed = `let held_${name}; const load_${name} = () => (held_${name} ??= ${expression});\n${body}`
  }
  return changed
}
