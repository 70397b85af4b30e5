// esbuild plugin: commands are bundled with the small part of oclif that parses their flags; its
// help, discovery and colours go to a second file, `oclif-rest.cjs`, read on first use.
//
// '@oclif/core' itself loads everything it has, 45 ms of it. See docs/decisions/0001-bundle.md.
import {dirname, join, relative} from 'node:path'
import {build} from 'esbuild'
import {lazyRequires} from './lazy-requires.js'

/** What parsing a command line takes; a file of oclif not named here belongs to the rest. */
const LIGHT =
  /^(args|cache|command|constraints|flags|flush|logger|screen|settings|symbols|errors\/.*|parser\/.*|util\/(aggregate-flags|fs|ids|util))$/
export const OCLIF_FILES = /node_modules[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/
const REST = './oclif-rest.cjs'

/** @param {string} root the package */
export function splitOclif(root) {
  const lib = join(root, 'node_modules/@oclif/core/lib')
  /** What the light part asks the rest for: a short name, and the file it is. */
  const asked = new Map()

  const plugin = {
    name: 'split-oclif',
    setup(build) {
      build.onResolve({filter: /^@oclif\/core$/}, () => ({
        path: join(root, 'scripts/build/oclif-entry.js'),
      }))
      build.onResolve({filter: /.*/}, async ({path, importer, kind, resolveDir, pluginData}) => {
        const isOurs = kind === 'dynamic-import' && /^@oclif\/core\/(config|help)$/.test(path)
        if (!isOurs && !OCLIF_FILES.test(importer)) return
        if (pluginData === 'resolving' || path.startsWith('node:')) return
        const found = await build.resolve(path, {
          kind,
          importer,
          resolveDir,
          pluginData: 'resolving',
        })
        if (found.external || found.errors.length > 0) return found
        const inside = relative(lib, found.path).replaceAll('\\', '/').replace(/\.js$/, '')
        if (LIGHT.test(inside) || path.endsWith('package.json')) return found
        const name = inside.startsWith('..') ? path : inside
        asked.set(name, found.path)
        return {path: name, namespace: 'oclif-rest'}
      })
      build.onResolve({filter: /oclif-rest\.cjs$/}, ({path}) => ({path, external: true}))
      build.onLoad({filter: /.*/, namespace: 'oclif-rest'}, ({path}) => ({
        contents: `module.exports = require('${REST}')['${path}']`,
        resolveDir: root,
      }))
    },
  }

  /** Writes the second file. Call after the bundle is built. */
  const buildRest = async (outdir) => {
    const members = [...asked].map(
      ([name, file]) => `get '${name}'() { return require('${file}') }`,
    )
    await build({
      stdin: {contents: `module.exports = {${members.join(',\n')}}`, resolveDir: dirname(lib)},
      outfile: join(outdir, 'oclif-rest.cjs'),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minify: true,
      keepNames: true,
      legalComments: 'none',
      external: ['typescript'],
      logLevel: 'error',
      plugins: [lazyRequires(OCLIF_FILES)],
    })
  }
  return {plugin, buildRest}
}
