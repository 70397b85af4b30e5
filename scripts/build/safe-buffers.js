// esbuild plugin: old packages call `new Buffer(…)`, which Node forgives silently below node_modules
// and warns about on stderr in a bundle.
import {readFile} from 'node:fs/promises'

const MAKE_BUFFER =
  "const makeBuffer = (from, encoding) => typeof from === 'number' ? Buffer.alloc(from) : Buffer.from(from, encoding);"

export function safeBuffers() {
  return {
    name: 'safe-buffers',
    setup(build) {
      const filter = /[\\/](thrift-lite[\\/]\w+|node-int64[\\/]Int64)\.js$/
      build.onLoad({filter}, async ({path}) => {
        const source = await readFile(path, 'utf8')
        const contents = `${MAKE_BUFFER}\n${source.replaceAll('new Buffer(', 'makeBuffer(')}`
        return {contents, loader: 'js'}
      })
    },
  }
}
