// The bundle: `main` and its short cuts in one CommonJS file each, one entry per command with shared
// chunks between them, native parts left outside.
// What a verb does not need must not be loaded by it: start-up is most of what a hook costs.
import {readdirSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {basename, join, relative} from 'node:path'
import {build} from 'esbuild'
import {IMPORT_META_URL, toCommonJs} from './common-js.js'
import {lazyRequires} from './lazy-requires.js'
import {safeBuffers} from './safe-buffers.js'
import {lazyCrypto, slimGot} from './slim-got.js'
import {OCLIF_FILES, splitOclif} from './split-oclif.js'
import {strictParquet} from './strict-parquet.js'

/**
 * @param {string} root the package
 * @param {string} outdir where the bundle goes; must not exist
 * @param {{in: string, out: string}[]} more further entries, such as a test's own commands
 */
export async function bundle(root, outdir, more = []) {
  const sources = readdirSync(join(root, 'src'), {recursive: true, encoding: 'utf8'}).map((path) =>
    join('src', path).replaceAll('\\', '/'),
  )
  const isEntry = (path) =>
    LATER.includes(path) || /^src\/commands\/.*\.ts$|-worker\.ts$/.test(path)
  const yaml = join(root, 'node_modules/yaml/browser/index.js')
  const oclif = splitOclif(root)
  const shared = {
    absWorkingDir: root,
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    ...WRITTEN,
    external: ['@duckdb/node-bindings*', 'keytar', 'typescript'],
    logLevel: 'warning',
    metafile: true,
  }
  const main = await build({
    ...shared,
    entryPoints: [
      {in: 'src/main.ts', out: 'main'},
      ...SHORT_CUTS.map((name) => ({in: `src/lib/${name}.ts`, out: name})),
    ],
    // Node loads a CommonJS file without its module loader, and built-in parts only where they are used.
    format: 'cjs',
    outExtension: {'.js': '.cjs'},
    supported: {'dynamic-import': false},
    define: {'import.meta.url': '__importMetaUrl'},
    banner: {js: IMPORT_META_URL},
    alias: {'node:fs/promises': join(root, 'src/lib/adapters/blocking-fs.ts')},
    plugins: [requiredShortCuts(), loadedLater(root), requiredBuiltins(), lazyCrypto()],
  })
  const result = await build({
    ...shared,
    entryPoints: [
      ...sources
        .filter(isEntry)
        .map((path) => ({in: path, out: path.slice('src/'.length, -'.ts'.length)})),
      {in: yaml, out: 'yaml'},
      ...more,
    ],
    splitting: true,
    // A dynamic import of a bundled CommonJS package has no named exports; yaml's own ES build has.
    alias: {yaml},
    plugins: [
      oclif.plugin,
      shakenZod(),
      slimGot(),
      lazyCrypto(),
      strictParquet(),
      safeBuffers(),
      lazyRequires(OCLIF_FILES),
    ],
  })
  const files = Object.keys(result.metafile.outputs).map((path) => join(root, path))
  await toCommonJs(outdir, files, WRITTEN)
  await oclif.buildRest(outdir)
  return {
    inputs: {...main.metafile.inputs, ...result.metafile.inputs},
    outputs: {...main.metafile.outputs, ...result.metafile.outputs},
  }
}

/** Names as they are: to give them back to functions and classes, one by one, costs a start more. */
const WRITTEN = {
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
}

/**
 * Each is one file with all it takes, loaded by `main` where the verb is its own: reading and compiling what
 * the others take costs as much as doing it.
 */
const SHORT_CUTS = ['run-idle', 'run-query', 'run-mcp']

/** What a short cut takes only when something is to do; these stand in the rest. */
const LATER = [
  'src/lib/run-cli.ts',
  'src/lib/context.ts',
  'src/lib/session-start/refresh-tables.ts',
]

function loadedLater(root) {
  return {
    name: 'loaded-later',
    setup(build) {
      build.onResolve({filter: /^yaml$/}, () => ({path: './yaml.js', external: true}))
      build.onResolve({filter: /^\.{1,2}\/.*\.js$/}, ({path, resolveDir, kind}) => {
        const source = relative(root, join(resolveDir, path)).replaceAll('\\', '/')
        const isLater = LATER.includes(source.replace(/\.js$/, '.ts'))
        if (kind !== 'dynamic-import' || !isLater) return
        return {path: `./${source.slice('src/'.length)}`, external: true}
      })
    },
  }
}

/** As below: each short cut is there by require(). */
function requiredShortCuts() {
  return {
    name: 'required-short-cuts',
    setup(build) {
      build.onResolve({filter: /^\.\/lib\/run-[a-z]+\.js$/}, ({path, kind}) => {
        const name = basename(path, '.js')
        const isOurs = kind === 'dynamic-import' && SHORT_CUTS.includes(name)
        return isOurs ? {path: name, namespace: 'short-cuts'} : undefined
      })
      build.onLoad({filter: /.*/, namespace: 'short-cuts'}, ({path}) => ({
        contents: `module.exports = require('./${path}.cjs')`,
      }))
      build.onResolve({filter: /\.cjs$/, namespace: 'short-cuts'}, ({path}) => ({
        path,
        external: true,
      }))
    },
  }
}

/** `import('node:http')` starts Node's module loader for what require() has at once. */
function requiredBuiltins() {
  return {
    name: 'required-builtins',
    setup(build) {
      build.onResolve({filter: /^node:/}, ({path, kind}) =>
        kind === 'dynamic-import' ? {path, namespace: 'required-builtins'} : undefined,
      )
      build.onLoad({filter: /.*/, namespace: 'required-builtins'}, ({path}) => ({
        contents: `module.exports = require('${path}')`,
      }))
    },
  }
}

/** `import {z}` takes all of zod with its forty languages; `import * as z` takes what is used. */
function shakenZod() {
  return {
    name: 'shaken-zod',
    setup(build) {
      build.onLoad({filter: /[\\/]src[\\/].*\.ts$/}, async ({path}) => {
        const source = await readFile(path, 'utf8')
        return {
          contents: source.replace("import {z} from 'zod/mini'", "import * as z from 'zod/mini'"),
          loader: 'ts',
        }
      })
    },
  }
}
