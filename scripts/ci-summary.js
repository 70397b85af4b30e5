// The closing line of .ci/run: tests and steps of a results folder, counted. Fails when one failed.
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

const [folder = '.'] = process.argv.slice(2)
let passed = 0
let failed = 0
for (const name of readdirSync(folder)) {
  if (name.endsWith('.step')) {
    const isPassed = readFileSync(join(folder, name), 'utf8').trim() === 'passed'
    if (isPassed) passed++
    else failed++
    if (!isPassed) console.log(`step failed: ${name.replace('.step', '')}`)
  }
  if (!name.endsWith('.json')) continue
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A file that did not load has no tests to count.
  for (const {status, assertionResults, name: file} of report.testResults) {
    if (status !== 'failed' || assertionResults.some((test) => test.status === 'failed')) continue
    console.log(`file failed: ${file}`)
    failed++
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
