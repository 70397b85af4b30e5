import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {words} from '../docs/printed-commands.js'
import {demoServer} from '../support/demo-server.js'
import {repositoryRoot} from '../support/run-cli.js'
import {runNode} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

/** The page's commands, as it prints them, from an empty folder against the demo. */

const binary = join(repositoryRoot, 'bin/run.js')
const page = readFileSync(join(repositoryRoot, 'docs/agent-protocol.md'), 'utf8')

interface Documented {
  text: string
  exitCode: number
}

const documented: Documented[] = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)]
  .flatMap(([, block]) => block!.trim().split('\n'))
  .map((line) => {
    const [, text, exitCode = '0'] = /^(agnes .*?)(?: # exit (\d+))?$/.exec(line) ?? []
    if (text === undefined) throw new Error(`not a command: ${line}`)
    return {text, exitCode: Number(exitCode)}
  })

interface Answer {
  /** The document; `undefined` without --json. */
  json: any
  stdout: string
  next: string | undefined
}

const DEVICES = expect.arrayContaining([expect.arrayContaining(['mobile'])])

/** What each command must say, in the order of the page. */
const SAYS: [begins: string, check: (answer: Answer) => void][] = [
  ['init work', ({json}) => expect(json.tables?.length ?? 1).toBeGreaterThan(0)],
  [
    'catalog --json',
    ({json}) => {
      const table = (name: string) => json.tables.find((one: {name: string}) => one.name === name)
      expect(table('web_sessions')).toMatchObject({queryMode: 'remote', local: null})
      expect(table('customers').commands).toEqual(['agnes pull --table customers'])
      expect(table('payroll')).toBeUndefined()
    },
  ],
  ['catalog --show', ({json}) => expect(json.metric.sql).toContain('sum(monthly_fee)')],
  [
    'schema web_sessions',
    ({json}) => {
      expect(json).toMatchObject({
        partitionBy: 'event_date',
        clusteredBy: ['country_code', 'device'],
        columnsFrom: 'server',
      })
      expect(json.whereExamples).toContain("event_date >= DATE '2026-01-01'")
      expect(json.columns.map(({name}: {name: string}) => name)).toContain('landing_page')
    },
  ],
  [
    'describe customers',
    ({json}) => {
      expect(json.sample.from).toBe('server')
      expect(json.sample.rows).toHaveLength(3)
    },
  ],
  ['pull --table customers', ({json}) => expect(json.failed ?? []).toEqual([])],
  [
    'snapshot create web_sessions --select event_date',
    ({json}) => {
      expect(json.snapshot).toBeNull()
      expect(json.estimate.scanBytes).toBeGreaterThan(0)
    },
  ],
  [
    'snapshot create web_sessions --select event_date',
    ({json}) => {
      expect(json.snapshot.rows).toBeGreaterThan(0)
      expect(json.view.state).toBe('registered')
    },
  ],
  [
    'query "SELECT c.plan',
    ({json}) => {
      expect(json).toMatchObject({source: 'local', truncated: false})
      expect(json.rows.length).toBeGreaterThan(1)
      for (const [, visits, orders] of json.rows) expect(visits).toBeGreaterThan(orders)
    },
  ],
  [
    'query --remote "SELECT device',
    ({json}) => expect(json).toMatchObject({executed: false, isUpperBound: false}),
  ],
  [
    'query --remote "SELECT device',
    ({json}) => {
      expect(json).toMatchObject({source: 'server', truncated: false, rows: DEVICES})
      expect(json.bytesScanned).toBeGreaterThan(0)
    },
  ],
  [
    'query --remote "SELECT landing_page',
    ({json, next}) => {
      expect(json.error.code).toBe('over_max_bytes')
      expect(json.error.details.scanBytes).toBeGreaterThan(json.error.details.maxBytes)
      // The advice is the command that stands next on the page.
      expect(json.error.hint).toContain(`: ${next}`)
    },
  ],
  [
    'snapshot create web_sessions --select landing_page',
    ({stdout}) => expect(Number(/^scan_bytes\t(\d+)$/m.exec(stdout)![1])).toBeLessThan(4_000_000),
  ],
  [
    'snapshot create web_sessions --select landing_page',
    ({json}) => expect(json.snapshot.rows).toBeGreaterThan(0),
  ],
  ['query "SELECT landing_page', ({json}) => expect(json.rows.length).toBeGreaterThan(1)],
  ['schema web_session ', ({json}) => expect(json.error.details.similar).toContain('web_sessions')],
  [
    'snapshot create web_sessions --where "devise',
    ({json}) => expect(json.error.hint).toContain('device'),
  ],
  ['describe payroll', ({json}) => expect(json.error.code).toBe('table_not_granted')],
  [
    'snapshot refresh june_visits',
    ({json}) => expect(json).toMatchObject({rowsDelta: 0, identical: true}),
  ],
  [
    'snapshot list',
    ({json}) =>
      expect(json.snapshots.map(({name}: {name: string}) => name)).toEqual([
        'june_visits',
        'landings',
      ]),
  ],
  ['snapshot drop june_visits', ({json}) => expect(json.dropped).toHaveLength(1)],
  ['status', ({json}) => expect(json.workspace).toBeDefined()],
]

describe('the protocol of an agent', () => {
  it('has a check for every command of the page', () => {
    const texts = documented.map(({text}) => `${text.slice('agnes '.length)} `)
    expect(texts).toHaveLength(SAYS.length)
    expect(texts.filter((text, step) => !text.startsWith(SAYS[step]![0]))).toEqual([])
  })

  it('runs as the page says', async () => {
    const home = await tempDir()
    const {url, analystToken} = await demoServer(home)
    const env = {HOME: home, AGNES_TOKEN: analystToken}
    for (const [step, {text, exitCode}] of documented.entries()) {
      const argv = words(text.replace('http://127.0.0.1:8642', url)).slice(1)
      const cwd = step === 0 ? home : join(home, 'work')
      const outcome = await runNode([binary, ...argv], {env, cwd})
      expect(outcome.exitCode, `${text}\n${outcome.stdout}${outcome.stderr}`).toBe(exitCode)
      const json = argv.includes('--json') ? JSON.parse(outcome.stdout) : undefined
      const next = documented[step + 1]?.text
      SAYS[step]![1]({json, stdout: outcome.stdout, next})
      if (json !== undefined) expect(outcome.stderr).toBe('')
    }
  }, 300_000)
})
