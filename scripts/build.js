// Bundles the CLI: one entry per command, shared chunks between them, native parts left outside.
import {execFileSync} from 'node:child_process'
import {readdirSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {build} from 'esbuild'

const sources = readdirSync('src', {recursive: true}).map((path) => join('src', path))
const entryPoints = sources.filter(
  (path) => path === 'src/main.ts' || /^src\/commands\/.*\.ts$/.test(path) || path.endsWith('-worker.ts'),
)

await rm('dist', {recursive: true, force: true})
await build({
  entryPoints,
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'none',
  external: ['@duckdb/node-bindings*', 'keytar', 'typescript'],
  logLevel: 'warning',
  // Bundled CommonJS libraries call require() for built-in modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
})
execFileSync(process.execPath, ['node_modules/oclif/bin/run.js', 'manifest', '.'], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
