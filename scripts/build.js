// Builds dist/ and oclif.manifest.json. Does nothing when they are newer than what they come from;
// `--force` builds anyway. The new dist/ replaces the old one in one step.
import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {bundle} from './build/bundle.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const STAMP = 'dist/.stamp'

/** @returns {Promise<boolean>} whether there was anything to do */
export async function buildIfStale(isForced = false) {
  const stamp = fingerprint([
    'src',
    'scripts/build',
    'scripts/build.js',
    'package.json',
    'package-lock.json',
  ])
  if (!isForced && isCurrent(stamp)) return false
  const fresh = join(root, 'node_modules', `.agnes-build-${process.pid}`)
  rmSync(fresh, {recursive: true, force: true})
  await bundle(root, fresh)
  replaceDist(fresh)
  // In a process of its own: it loads every command.
  execFileSync(process.execPath, ['scripts/build/write-manifest.js'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  writeFileSync(join(root, STAMP), stamp)
  return true
}

function isCurrent(stamp) {
  const path = join(root, STAMP)
  return (
    existsSync(path) &&
    readFileSync(path, 'utf8') === stamp &&
    existsSync(join(root, 'oclif.manifest.json'))
  )
}

/** Names, sizes and times of everything the build reads. */
function fingerprint(paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    const isFolder = statSync(join(root, path)).isDirectory()
    const files = isFolder
      ? readdirSync(join(root, path), {recursive: true, encoding: 'utf8'}).sort()
      : ['']
    for (const file of files) {
      const facts = statSync(join(root, path, file), {throwIfNoEntry: false})
      if (facts?.isFile()) hash.update(`${path}/${file} ${facts.size} ${facts.mtimeMs}\n`)
    }
  }
  return hash.digest('hex')
}

/** Another build may finish at the same moment; the last one wins. */
function replaceDist(fresh) {
  const dist = join(root, 'dist')
  const old = `${fresh}-old`
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(dist)) renameSync(dist, old)
      renameSync(fresh, dist)
      break
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
  rmSync(old, {recursive: true, force: true})
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await buildIfStale(process.argv.includes('--force'))
