// The last pass of the build: esbuild shares code between files only as ES modules, which Node's module
// loader resolves, links and compiles one by one; require() does with less work.
// See docs/decisions/1040-commonjs.md.
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {transform} from 'esbuild'

/**
 * Rewrites the ES modules of a build in place, as CommonJS files of the same names.
 *
 * @param {string} outdir where they are
 * @param {string[]} files paths of all of them
 * @param {import('esbuild').TransformOptions} written how the build writes
 */
export async function toCommonJs(outdir, files, written) {
  await writeFile(join(outdir, 'package.json'), '{"type": "commonjs"}\n')
  for (const file of files) {
    const {code} = await transform(await readFile(file, 'utf8'), {
      ...written,
      format: 'cjs',
      platform: 'node',
      supported: {'dynamic-import': false},
      define: {'import.meta.url': '__importMetaUrl'},
    })
    await writeFile(file, code.includes('__importMetaUrl') ? IMPORT_META_URL + code : code)
  }
}

export const IMPORT_META_URL =
  "const __importMetaUrl=require('node:url').pathToFileURL(__filename).href;"
