import {describe, expect, it} from 'vitest'
import {FakeClock} from '../support/fake-clock.js'
import {runCli, type RunOptions} from '../support/run-cli.js'
import {stall} from '../support/server-faults.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer, type Answer, type TestServer} from '../support/test-server.js'

/** What a server may answer instead of rows (contract 5.4, 7.1), and what a person is told. */

async function asking(...answers: Answer[]): Promise<{
  server: TestServer
  ask(sql?: string, options?: Partial<RunOptions>): ReturnType<typeof runCli>
}> {
  const server = await startTestServer()
  server.on('POST', '/api/query', () => (answers.length > 1 ? answers.shift()! : answers[0]!))
  const home = await tempDir()
  const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token'}
  const ask = (sql = 'SELECT a FROM t', options: Partial<RunOptions> = {}) =>
    runCli(['query', '--remote', sql, '--json'], {env, currentDir: home, ...options})
  return {server, ask}
}

function detail(status: number, body: unknown): Answer {
  return {status, body: {detail: body}}
}

const REFUSALS: [name: string, answer: Answer, exitCode: number, code: string, told: string][] = [
  [
    'a scan over the cap',
    detail(400, {
      reason: 'remote_scan_too_large',
      scan_bytes: 6_100_000_000,
      limit_bytes: 5_368_709_120,
      tables: ['web.events'],
      suggestion: 'snapshot first',
    }),
    14,
    'remote_scan_too_large',
    'would read 6.1 GB, and the server allows 5.4 GB.*It reads web.events.*agnes snapshot create t --estimate',
  ],
  [
    'a scan over the cap of Databricks',
    detail(400, {reason: 'remote_scan_too_large', message: 'm', cap_bytes: 1000, hint: 'h'}),
    14,
    'remote_scan_too_large',
    'would read too much, and the server allows 1.0 kB',
  ],
  [
    'an answer too large to send',
    detail(502, {kind: 'bq_response_too_large', message: 'Response too large'}),
    14,
    'bq_response_too_large',
    'too large for the server to send. Response too large',
  ],
  [
    'a path that is not granted',
    detail(403, {
      reason: 'bq_path_access_denied',
      path: 'bq."hr"."pay"',
      registered_as: 'payroll',
    }),
    8,
    'bq_path_access_denied',
    'bq."hr"."pay" is not granted to you \\(in the catalog: payroll\\).*administrator',
  ],
  [
    'a path in another project',
    detail(403, {reason: 'bq_path_cross_project', path: '`x.y.z`', expected_project: 'acme'}),
    8,
    'bq_path_cross_project',
    'lies in another project.*agnes catalog',
  ],
  [
    'a cost nobody can tell',
    detail(400, {
      kind: 'remote_estimate_failed',
      message: 'refused',
      hint: 'check column names',
      underlying: 'Unrecognized name: foo at [1:8]',
    }),
    13,
    'remote_estimate_failed',
    'so it was not run. Unrecognized name: foo at \\[1:8\\].*check column names',
  ],
  [
    'wrong SQL',
    detail(400, 'Query error: Binder Error: Referenced column "x" not found'),
    13,
    'query_error',
    '^Binder Error: Referenced column "x" not found',
  ],
  [
    'a warehouse that refuses the server',
    detail(502, {kind: 'bq_forbidden', message: '403 no', billing_project: 'a'}),
    5,
    'bq_forbidden',
    'refuses the server itself. 403 no.*administrator',
  ],
  [
    'two engines in one query',
    detail(400, {reason: 'remote_cross_engine_unsupported', message: 'Two engines', engines: []}),
    13,
    'remote_cross_engine_unsupported',
    'Two engines.*agnes snapshot create TABLE',
  ],
  [
    'a statement that took too long',
    detail(504, {reason: 'remote_statement_timeout', message: '120 s'}),
    5,
    'remote_statement_timeout',
    'longer than the server allows. 120 s',
  ],
  [
    'the bytes of a day',
    detail(429, {
      reason: 'daily_byte_cap_exceeded',
      kind: 'daily_bytes',
      current: 53_687_091_300,
      limit: 53_687_091_200,
      retry_after_seconds: 41_234,
    }),
    3,
    'daily_bytes',
    'used up \\(53.7 GB of 53.7 GB\\).*Try again in 11 h 28 min',
  ],
  [
    'a limit of another kind',
    {status: 429, body: {detail: 'Too many requests'}, headers: {'retry-after': '7'}},
    3,
    'rate_limited',
    'Too many requests.*Try again in 7 s',
  ],
  [
    'a body without SQL',
    detail(422, [{loc: ['body', 'sql'], msg: 'Field required', type: 'missing'}]),
    2,
    'invalid_request',
    'body.sql: Field required',
  ],
  [
    'a word nobody knows',
    detail(400, {kind: 'constructor', message: 'Something new'}),
    2,
    'constructor',
    'Something new',
  ],
  [
    'a failure of its own',
    {status: 500, body: {detail: 'Internal server error'}},
    5,
    'server_error',
    '500',
  ],
  [
    'a page of a proxy',
    {status: 200, body: '<html>', headers: {'content-type': 'text/html'}},
    9,
    'unreadable_answer',
    'not JSON.*proxy',
  ],
  [
    'another document',
    {status: 200, body: {hello: 1}},
    9,
    'unreadable_answer',
    'no columns and rows',
  ],
  ['a token it does not know', detail(401, 'Token expired'), 7, 'not_signed_in', 'Token expired'],
]

describe('a refused query', () => {
  it.each(REFUSALS)('tells of %s', async (_name, answer, exitCode, code, told) => {
    const {ask} = await asking(answer)
    const outcome = await ask()
    const {error} = outcome.json
    expect([outcome.exitCode, error.code]).toEqual([exitCode, code])
    expect(`${error.message} ${error.hint}`.replace(/\s+/g, ' ')).toMatch(new RegExp(told))
    expect(error.message).not.toMatch(/\.\.$/)
  })

  it('names the word that the server took for a command', async () => {
    const {ask} = await asking(detail(400, 'Only single SELECT queries are allowed'))
    const {json, exitCode} = await ask('SELECT payload FROM t')
    expect([exitCode, json.error.code, json.error.details.words]).toEqual([
      13,
      'only_single_select',
      ['payload'],
    ])
    expect(json.error.hint).toBe('Put a line break after it instead of a space.')
    expect(json.warnings[0]).toContain('because of payload')
  })

  it('tells how long it waited', async () => {
    const {server, ask} = await asking({status: 200, body: {}})
    const env = {
      HOME: await tempDir(),
      AGNES_SERVER: server.origin,
      AGNES_TOKEN: 'token',
      AGNES_QUERY_TIMEOUT: '1',
    }
    server.on('POST', '/api/query', () => ({status: 200, body: {}})).faults(stall())
    const {json, exitCode} = await ask('SELECT 1', {env})
    expect([exitCode, json.error.code]).toEqual([9, 'timeout'])
    expect(json.error.message).toMatch(/within 1 s\.$/)
    expect(json.error.hint).toContain('it was 1)')
  })
})

describe('a slot that is taken', () => {
  const TAKEN = detail(429, {
    reason: 'concurrent_slot_exceeded',
    kind: 'concurrent_scans',
    current: 5,
    limit: 5,
    retry_after_seconds: 0,
  })
  const ROWS = {status: 200, body: {columns: ['a'], rows: [[1]], row_count: 1, truncated: false}}

  /** Moves the time on whenever somebody waits for it. */
  async function running<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
    let isOver = false
    const done = work.finally(() => (isOver = true))
    while (!isOver) {
      if (clock.waiting > 0) await clock.advance(10_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return done
  }

  it('is waited for a little', async () => {
    const {server, ask} = await asking(TAKEN, TAKEN, ROWS)
    const clock = new FakeClock()
    const {json, exitCode} = await running(clock, ask('SELECT 1', {clock}))
    expect([exitCode, json.rows, server.requests.length]).toEqual([0, [[1]], 3])
    expect(json.warnings[0]).toContain('trying again in 1 s')
  })

  it('is told in the end', async () => {
    const {server, ask} = await asking(TAKEN)
    const clock = new FakeClock()
    const {json, exitCode} = await running(clock, ask('SELECT 1', {clock}))
    expect([exitCode, json.error.code, server.requests.length]).toEqual([3, 'concurrent_scans', 4])
    expect(json.error.message).toContain('(5 of 5)')
  })
})

describe('rows that some may see', () => {
  it('come with the reason and the bytes', async () => {
    const {server, ask} = await asking({
      status: 200,
      body: {
        columns: ['a'],
        rows: [[1]],
        row_count: 1,
        truncated: false,
        bytes_scanned: 1_500_000,
        row_scope: {policied_tables: ['pay'], note: 'Your region only'},
      },
    })
    expect((await ask()).json).toMatchObject({
      bytesScanned: 1_500_000,
      rowScope: {tables: ['pay'], note: 'Your region only'},
    })
    const home = await tempDir()
    const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token'}
    const text = await runCli(['query', '--remote', 'SELECT a'], {env, currentDir: home})
    expect(text.stderr).toContain('Bytes scanned: 1.5 MB.')
    expect(text.stderr).toContain('Warning: Only the rows you may see (pay). Your region only')
  })
})
