// `npm run demo`: the main job from end to end, with the commands a person would type. Serves a demo
// company, makes a workspace in a new folder, pulls as its analyst, asks three questions, pulls again.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, realpathSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, relative} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {buildIfStale} from './build.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const AGNES = join(root, 'bin/run.js')
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agnes-demo-')))
const workspace = join(folder, 'workspace')
// Nothing of the person who runs the demo is read or written: their settings, tokens and server.
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGNES_'))),
  AGNES_CONFIG_DIR: join(folder, 'config'),
}

const QUESTIONS = [
  [
    'How many orders came in each of the last months?',
    "SELECT strftime(ordered_at, '%Y-%m') AS month, count(*) AS orders FROM orders " +
      'GROUP BY month ORDER BY month DESC LIMIT 6',
  ],
  [
    'Which kinds of products sell best?',
    'SELECT category, sum(quantity) AS sold, sum(quantity * unit_price) AS revenue ' +
      'FROM order_items JOIN products USING (product_id) GROUP BY category ORDER BY revenue DESC LIMIT 5',
  ],
  [
    'Where do the customers with open tickets live?',
    'SELECT country_code, count(DISTINCT customer_id) AS customers FROM tickets ' +
      'JOIN customers USING (customer_id) WHERE hours_to_close IS NULL GROUP BY country_code ORDER BY customers DESC LIMIT 5',
  ],
]

const isColored = process.stdout.isTTY && !process.env.NO_COLOR
const style = (code, text) => (isColored ? `\u001B[${code}m${text}\u001B[0m` : text)
const title = (text) => console.log(`\n${style('1', text)}`)
const typed = (args) => console.log(style('36', `$ agnes ${args.map(quote).join(' ')}`))
const quote = (word) => {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return word.includes("'") ? `"${word}"` : `'${word}'`
}

/** Runs one agnes command as a person would see it. Throws when it does not end well. */
async function agnes(args, {stdin, cwd = workspace} = {}) {
  typed(args)
  const startedAt = performance.now()
  const child = spawn(process.execPath, [AGNES, ...args], {
    cwd,
    env,
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  })
  child.stdin?.end(stdin)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`agnes ${args.join(' ')} ended with exit code ${code}`)
  return performance.now() - startedAt
}

/** Starts the server and waits for the line that says it answers. */
async function serve() {
  const args = ['serve', join(folder, 'server'), '--demo', '--port', '0']
  typed(['serve', '--demo', '--port', '0'])
  const child = spawn(process.execPath, [AGNES, ...args, '--json'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const first = once(createInterface({input: child.stdout}), 'line')
  const [line] = await Promise.race([
    first,
    ended.then(([code]) => {
      throw new Error(`the server ended with exit code ${code}`)
    }),
  ])
  return {child, ended, ...JSON.parse(line)}
}

async function main() {
  if (await buildIfStale()) console.log('Built dist/.')
  title('1. A server with a demo company (it ships with agnes; yours is at your company)')
  const server = await serve()
  try {
    console.log(`Serving at ${server.url}`)

    title('2. A workspace for its analyst: sign in, set up, fetch the tables they may see')
    await agnes(['init', workspace, '--server-url', server.url, '--token-stdin'], {
      stdin: `${server.analystToken}\n`,
      cwd: folder,
    })

    title('3. What came')
    await agnes(['status'])

    title('4. Questions, answered on this machine')
    for (const [question, sql] of QUESTIONS) {
      console.log(`\n${question}`)
      await agnes(['query', sql])
    }

    title('5. The next pull has nothing to do')
    const elapsedMs = await agnes(['pull'])
    console.log(style('2', `It took ${(elapsedMs / 1000).toFixed(2)} s, start of Node included.`))
  } finally {
    server.child.kill('SIGTERM')
    await server.ended
  }
  title('That was all; the server is stopped. To go on:')
  const run = `node ${relative(process.cwd(), AGNES)}`
  console.log(`
Ask the tables just pulled, they stay on this machine:
  ${style('36', `${run} query "FROM customers LIMIT 5" --workspace ${workspace}`)}
Serve the demo company yourself, and connect to it from a second terminal:
  ${style('36', `${run} serve ${join(folder, 'server')} --demo`)}
Serve a folder of your own Parquet, CSV or JSON files:
  ${style('36', `${run} serve FOLDER`)}
Everything the demo wrote is in ${folder}`)
}

await main().catch((error) => {
  console.error(`\nThe demo stopped: ${error.message}`)
  process.exitCode = 1
})
