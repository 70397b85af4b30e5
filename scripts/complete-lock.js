// Adds to package-lock.json the packages of other platforms that npm left out, so that `npm ci` works.
//
// npm forgets an optional package that its registry cannot give at that moment (a mirror that has not
// fetched the macOS build, say), and from then on `npm ci` refuses the lock file everywhere: "Missing:
// … from lock file". Their versions are pinned exactly by the package that wants them. Run it after an
// `npm install` that made the lock file shorter; it changes nothing when nothing is missing.
import {readFileSync, writeFileSync} from 'node:fs'

const PATH = process.argv[2] ?? 'package-lock.json'
const lock = JSON.parse(readFileSync(PATH, 'utf8'))
const {packages} = lock
let added = 0

for (const [path, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue
    if (!/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) {
      console.log(`not pinned, left out: ${name}@${version}, wanted by ${path || 'this package'}`)
      continue
    }
    packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev ? {dev: true} : {}),
      optional: true,
    }
    added++
  }
}
lock.packages = Object.fromEntries(
  Object.entries(packages).sort(([a], [b]) => (a === '' ? -1 : b === '' ? 1 : a < b ? -1 : 1)),
)
if (added > 0) writeFileSync(PATH, JSON.stringify(lock, null, 2) + '\n')
console.log(`${added} packages of other platforms added to ${PATH}`)

/** Is the package found from `path` upwards, as Node would look for it? */
function isLocked(path, name) {
  for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in packages) return true
    if (folder === '') return false
    if (!folder.includes('/node_modules/')) return `node_modules/${name}` in packages
  }
}

/** The platform in a name such as `@duckdb/node-bindings-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[-/]/)
  const os = [
    'darwin',
    'linux',
    'win32',
    'freebsd',
    'openbsd',
    'netbsd',
    'android',
    'openharmony',
    'aix',
    'sunos',
  ]
  const cpu = [
    'x64',
    'arm64',
    'arm',
    'ia32',
    'ppc64',
    'riscv64',
    's390x',
    'loong64',
    'mips64el',
    'wasm32',
  ]
  const found = {
    cpu: words
      .map((word) => ({x86: 'x64', i686: 'ia32'})[word] ?? word)
      .filter((word) => cpu.includes(word)),
    os: words.filter((word) => os.includes(word)),
    libc: words.filter((word) => word === 'musl'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, values]) => values.length > 0))
}
