// The bundle: one entry per command, shared chunks between them, native parts left outside.
// What a verb does not need must not be loaded by it: start-up is most of what a hook costs.
import {readdirSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {build} from 'esbuild'
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
    path === 'src/main.ts' || /^src\/commands\/.*\.ts$|-worker\.ts$/.test(path)
  const oclif = splitOclif(root)
  const result = await build({
    absWorkingDir: root,
    entryPoints: [
      ...sources
        .filter(isEntry)
        .map((path) => ({in: path, out: path.slice('src/'.length, -'.ts'.length)})),
      ...more,
    ],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    external: ['@duckdb/node-bindings*', 'keytar', 'typescript'],
    // A dynamic import of a bundled CommonJS package has no named exports; yaml's own ES build has.
    alias: {yaml: join(root, 'node_modules/yaml/browser/index.js')},
    logLevel: 'warning',
    metafile: true,
    // Bundled CommonJS libraries call require() for built-in modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
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
  await oclif.buildRest(outdir)
  return result.metafile
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
