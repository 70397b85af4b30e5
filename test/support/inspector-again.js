// The command-line mode of the official MCP inspector, as its launcher runs it, but one call after the other in
// this process: most of what one call costs is the start of its program.
//
//     node inspector-again.js PROGRAM
//
// A line of JSON is a call: the words after PROGRAM. It is answered by a line {"exitCode", "stdout", "stderr"}.
import {createInterface} from 'node:readline'
import {pathToFileURL} from 'node:url'

const [node, , program] = process.argv
const answer = process.stdout.write.bind(process.stdout)
// Each call listens for exceptions.
process.setMaxListeners(0)

let calls = 0
for await (const line of createInterface({input: process.stdin})) {
  const said = {stdout: '', stderr: ''}
  const keep = (stream) => (text, done) => {
    said[stream] += text
    done?.()
    return true
  }
  process.stdout.write = keep('stdout')
  process.stderr.write = keep('stderr')
  process.argv = [node, program, ...JSON.parse(line)]
  const ended = new Promise((resolve) => (process.exit = resolve))
  await import(`${pathToFileURL(program).href}?call=${++calls}`)
  answer(`${JSON.stringify({exitCode: await ended, ...said})}\n`)
}
