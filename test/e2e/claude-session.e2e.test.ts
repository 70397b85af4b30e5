import {mkdir, readdir, readFile, symlink} from 'node:fs/promises'
import {readFileSync} from 'node:fs'
import {delimiter, dirname, join} from 'node:path'
import {expect, it, onTestFinished} from 'vitest'
import {demoServer} from '../support/demo-server.js'
import {untilAllHaveLeft} from '../support/left-processes.js'
import {repositoryRoot} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

/** The blocks of the page's last section, each run by a shell as it stands, from an empty folder. */
const page = readFileSync(join(repositoryRoot, 'docs/claude-code.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!)

interface Said {
  stdout: string
  /** Of its last `agnes doctor`: a state for each line. */
  doctor: string[]
}

async function desk() {
  const home = await tempDir()
  onTestFinished(() => untilAllHaveLeft(home), 90_000)
  const {url, adminToken, analystToken} = await demoServer(home)
  const bin = join(home, 'bin')
  await mkdir(bin)
  await symlink(join(repositoryRoot, 'bin/run.js'), join(bin, 'agnes'))
  const env = {
    HOME: home,
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    AGNES_NO_KEYCHAIN: '1',
    // A busy computer decides nothing.
    AGNES_HOOK_SECONDS: '120',
    AGNES_HOOK_ANSWER_MS: '60000',
    ANALYST_TOKEN: analystToken,
    ADMIN_TOKEN: adminToken,
  }
  return {
    home,
    async run(block: string): Promise<Said> {
      const cwd = block.includes('cd work') ? home : join(home, 'work')
      const script = block.replace('http://127.0.0.1:8642', url)
      const {exitCode, stdout, stderr} = await spawnProcess('/bin/sh', ['-ec', script], {env, cwd})
        .ended
      expect(exitCode, `${block}\n${stdout}${stderr}`).toBe(0)
      const rows = stdout.split('\n').map((row) => row.split('\t'))
      const from = rows.findLastIndex(([id]) => id === 'node')
      return {stdout, doctor: from < 0 ? [] : rows.slice(from, -1).map(([, state]) => state!)}
    },
    async uploads(): Promise<string[]> {
      const folder = join(home, 'agnes-demo/uploads')
      const names = await readdir(folder, {recursive: true}).catch(() => [])
      const found = names.filter((name) => name.endsWith('.jsonl'))
      return Promise.all(found.map((name) => readFile(join(folder, name), 'utf8')))
    },
  }
}

it('a session starts with fresh data, ends pushed, and the doctor is green before and after', async () => {
  const {run, uploads} = await desk()
  const [made, started, granted, asked, wrote, ended, sent, ...more] = blocks
  expect(more).toEqual([])
  const isGreen = ({doctor}: Said) => {
    expect(doctor.length).toBeGreaterThan(10)
    expect(new Set(doctor)).toEqual(new Set(['ok']))
  }
  isGreen(await run(made!))
  expect((await run(started!)).stdout).toBe('')
  const told = (await run(granted!)).stdout.trim().split('\n').at(-1)!
  expect(JSON.parse(told).hookSpecificOutput).toEqual({
    hookEventName: 'SessionStart',
    additionalContext: expect.stringContaining('employees'),
  })
  const {rows} = JSON.parse((await run(asked!)).stdout)
  expect(rows[0][0]).toBeGreaterThan(0)
  expect((await run(wrote!)).stdout).toContain('pending')
  expect((await run(ended!)).stdout).toBe('')
  await expect.poll(uploads, {timeout: 60_000}).toHaveLength(1)
  const [transcript] = await uploads()
  expect(transcript).toContain('How many are we? ')
  expect(transcript).not.toContain('hunter2')
  let last = await run(sent!)
  await expect
    .poll(async () => (last = await run(sent!)).stdout, {timeout: 60_000})
    .toMatch(/7d1c0d5e.*\bsent\b|\bsent\b.*7d1c0d5e/)
  isGreen(last)
}, 240_000)
