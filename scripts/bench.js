// `npm run bench [-- --quick] [-- --only NAME]`: speed and memory as ratios taken in one run on this
// machine, against what the same work costs without agnes. Nothing here decides a test.
import {mkdtempSync, realpathSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {buildIfStale} from './build.js'
import {administration} from './bench/administration.js'
import {bigBatch} from './bench/big-batch.js'
import {firstPull, memory, nothingToDo, query, snapshot, startUp} from './bench/cases.js'
import {daemon} from './bench/daemon.js'
import {mcp} from './bench/mcp.js'
import {warmQuery} from './bench/warm-query.js'

const {values} = parseArgs({options: {quick: {type: 'boolean'}, only: {type: 'string'}}})
const CASES = {
  'start-up': startUp,
  'nothing-to-do': nothingToDo,
  'first-pull': firstPull,
  query,
  'warm-query': warmQuery,
  memory,
  snapshot,
  'big-batch': bigBatch,
  administration,
  daemon,
  mcp,
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agnes-bench-')))
const setting = {
  folder,
  rounds: values.quick ? 5 : 15,
  pullRounds: values.quick ? 2 : 5,
  totalBytes: values.quick ? 100e6 : 1.08e9,
  bigBytes: values.quick ? 150 * 2 ** 20 : 2 ** 30,
  bigBatchBytes: values.quick ? 256 * 2 ** 20 : 2 ** 30,
  rows: values.quick ? 1_000_000 : 10_000_000,
  idleMs: values.quick ? 120_000 : 600_000,
  scale: values.quick ? 2 : 4,
  tables: {few: 200, many: values.quick ? 2000 : 10_000, published: 207},
}

await buildIfStale()
console.log(
  `Node ${process.version}, ${values.quick ? 'quick' : 'full'}; medians of whole processes\n`,
)
const rows = []
try {
  for (const [name, run] of Object.entries(CASES)) {
    if (values.only && values.only !== name) continue
    for (const row of await run(setting)) {
      console.log(row.map((cell) => cell ?? '').join('  '))
      rows.push(row)
    }
  }
} finally {
  rmSync(folder, {recursive: true, force: true})
}

const header = ['what', 'measured', 'compared with', 'result', 'to reach']
const widths = header.map((title, column) =>
  Math.max(title.length, ...rows.map((row) => row[column].length)),
)
const line = (cells) =>
  `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
console.log(`\n${line(header)}\n${line(widths.map((width) => '-'.repeat(width)))}`)
for (const row of rows) console.log(line(row))
