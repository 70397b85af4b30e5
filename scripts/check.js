// Everything a change must pass before its tests are run, in a minute: `npm run check`.
// The steps run two at a time; a failing step prints its own output, a passing one its time.
import {spawn} from 'node:child_process'
import {fileURLToPath} from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const STEPS = [
  // By its path: the TypeScript the linter needs has a program of this name, too.
  ['types', 'node', 'node_modules/typescript-7/bin/tsc', '--noEmit'],
  // With more room for young objects it takes a tenth less processor time.
  [
    'lint',
    'node',
    '--max-semi-space-size=64',
    'node_modules/eslint/bin/eslint.js',
    '.',
    '--cache',
    '--cache-location',
    'node_modules/.cache/eslint/',
  ],
  ['format', 'prettier', '--check', '.', '--cache', '--log-level', 'warn'],
  // Unused files, exports and packages, and cycles of imports.
  ['dead code', 'knip'],
  ['commands', 'node', 'scripts/command-snapshot.js'],
]

/** @returns {Promise<boolean>} whether the step passed */
function run([title, command, ...args]) {
  return new Promise((resolve) => {
    const startedAt = performance.now()
    const bin = command === 'node' ? process.execPath : `${root}node_modules/.bin/${command}`
    const child = spawn(bin, args, {cwd: root, stdio: ['ignore', 'pipe', 'pipe']})
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.on('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${title.padEnd(10)} ${seconds} s`)
      if (code !== 0) console.log(Buffer.concat(output).toString('utf8'))
      resolve(code === 0)
    })
  })
}

const waiting = [...STEPS]
const results = []
async function worker() {
  for (let step = waiting.shift(); step; step = waiting.shift()) results.push(await run(step))
}
await Promise.all([worker(), worker()])
process.exitCode = results.every(Boolean) ? 0 : 1
