// What an agent waits for: from the start of the server to its first answer.
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {AGNES, NODE} from './cases.js'
import {difference, median, ratio, time} from './measure.js'

const GREETING = `${JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: {name: 'bench', version: '1'},
  },
})}\n`

export async function mcp({folder, rounds}) {
  const runs = {bare: [], mcp: []}
  for (let round = 0; round <= rounds; round++) {
    const bare = await time({argv: [NODE, '-e', '0']})
    const first = await firstAnswer(folder)
    if (round > 0) {
      runs.bare.push(bare)
      runs.mcp.push(first)
    }
  }
  const {bare, mcp: first} = runs
  const plus = `bare + ${difference(first, bare).toFixed(0)} ms (${ratio(first, bare).toFixed(2)} x)`
  const against = `node -e 0, ${median(bare).toFixed(0)} ms`
  return [['mcp, start to first answer', `${median(first).toFixed(0)} ms`, against, plus, '']]
}

async function firstAnswer(cwd) {
  const startedAt = performance.now()
  const child = spawn(NODE, [AGNES, 'mcp'], {cwd, stdio: ['pipe', 'pipe', 'inherit']})
  const ended = once(child, 'close')
  child.stdin.write(GREETING)
  await once(child.stdout, 'data')
  const elapsed = performance.now() - startedAt
  child.stdin.end()
  await ended
  return elapsed
}
