// esbuild plugin: got without what this client never turns on (HTTP/2, response and DNS caching) and
// with Node's TLS, zlib and crypto read on first use. See docs/decisions/0001-bundle.md.
//
// Loading got costs 60 ms as it is and 15 ms like this; `agnes pull` pays it at every session start.
import * as crypto from 'node:crypto'
import {readFile} from 'node:fs/promises'

const GOT_FAMILY =
  /node_modules[\\/](got|@sindresorhus[\\/]is|decompress-response|responselike|get-stream|byte-counter)[\\/]/

const STANDINS = {
  'http2-wrapper': "export default {get auto() { throw new Error('no HTTP/2 in this bundle') }}",
  'cacheable-lookup': `
    export default class { constructor() { throw new Error('no dnsCache in this bundle') } }`,
  'cacheable-request': `
    export class CacheError extends Error {}
    export default class { constructor() { throw new Error('no cache in this bundle') } }`,
  // A plain import of it touches every getter of the object and so opens stdin.
  'node:process': 'export default globalThis.process',
  'node:https': lazyBuiltin('node:https', []),
  'node:tls': lazyBuiltin('node:tls', ['checkServerIdentity']),
  'node:zlib': lazyBuiltin('node:zlib', []),
  'node:crypto': lazyBuiltin('node:crypto', ['randomUUID']),
}

function lazyBuiltin(name, functions) {
  const load = `require('${name}')`
  return [
    `export default new Proxy({}, {get: (_, key) => ${load}[key]})`,
    ...functions.map(
      (member) => `export const ${member} = (...args) => ${load}.${member}(...args)`,
    ),
  ].join('\n')
}

/** Statements that do costly work when a module loads, for words that few runs ever need. */
const PATCHES = [
  {
    file: /@sindresorhus[\\/]is[\\/]distribution[\\/]index\.js$/,
    from: /new Intl\.ListFormat\(([^)]*)\)/g,
    to: '{format: (list) => new Intl.ListFormat($1).format(list)}',
  },
  {
    file: /decompress-response[\\/]index\.js$/,
    from: "typeof zlib.createZstdDecompress === 'function'",
    to: 'process.versions.zstd !== undefined',
  },
  {
    // An id for diagnostics channels that nobody here listens to.
    file: /got[\\/]dist[\\/]source[\\/]core[\\/]diagnostics-channel\.js$/,
    from: 'return randomUUID();',
    to: "return '';",
  },
]

/** Our own files hash and draw random names in few verbs: `node:crypto` is read when one is called. */
export function lazyCrypto() {
  const functions = Object.keys(crypto).filter(
    (name) => /^[a-z]/.test(name) && name !== 'default' && typeof crypto[name] === 'function',
  )
  return {
    name: 'lazy-crypto',
    setup(build) {
      build.onResolve({filter: /^node:crypto$/}, ({path, importer}) =>
        /[\\/]src[\\/].*\.ts$/.test(importer)
          ? {path, namespace: 'lazy-crypto', sideEffects: false}
          : undefined,
      )
      build.onLoad({filter: /.*/, namespace: 'lazy-crypto'}, ({path}) => ({
        contents: lazyBuiltin(path, functions),
      }))
    },
  }
}

export function slimGot() {
  return {
    name: 'slim-got',
    setup(build) {
      build.onResolve({filter: new RegExp(`^(${Object.keys(STANDINS).join('|')})$`)}, (args) =>
        GOT_FAMILY.test(args.importer)
          ? {path: args.path, namespace: 'slim-got', sideEffects: false}
          : undefined,
      )
      build.onLoad({filter: /.*/, namespace: 'slim-got'}, ({path}) => ({contents: STANDINS[path]}))
      for (const {file, from, to} of PATCHES) {
        build.onLoad({filter: file}, async ({path}) => {
          const source = await readFile(path, 'utf8')
          const contents = source.replace(from, to)
          const warnings =
            contents === source ? [{text: `slim-got: nothing to change in ${path}`}] : []
          return {contents, warnings}
        })
      }
    },
  }
}
