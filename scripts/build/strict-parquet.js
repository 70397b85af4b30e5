// esbuild plugin: parquetjs-lite's generated types assign to names they never declare, which is an
// error in an ES module, and its number class uses `new Buffer`, which warns outside node_modules.
// Both are mended in the bundle; the packages themselves stay as they are.
import {readFile} from 'node:fs/promises'

const UNDECLARED = /^(\w+) = module\.exports\.\1 = /gm
const OLD_BUFFER = /\bnew Buffer\(/g
const NEW_BUFFER =
  ';const newBuffer = (of, ...more) => typeof of === "number" ? Buffer.alloc(of) : Buffer.from(of, ...more);\n'

export function strictParquet() {
  return {
    name: 'strict-parquet',
    setup(build) {
      build.onLoad({filter: /[\\/](parquetjs-lite|node-int64)[\\/].*\.js$/}, async ({path}) => {
        const source = await readFile(path, 'utf8')
        const mended = source
          .replace(UNDECLARED, 'var $1 = module.exports.$1 = ')
          .replace(OLD_BUFFER, 'newBuffer(')
        return {contents: mended === source ? source : NEW_BUFFER + mended, loader: 'js'}
      })
    },
  }
}
