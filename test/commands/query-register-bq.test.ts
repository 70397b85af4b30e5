import {beforeEach, describe, expect, it} from 'vitest'
import {startBigQuery, type BigQueryDouble} from '../support/bigquery-double.js'
import {queryWorkspace, type QueryWorkspace} from '../support/query-workspace.js'
import type {RunOptions} from '../support/run-cli.js'
import {startTestServer} from '../support/test-server.js'

/** Parts that run in BigQuery on the analyst's own account, and on servers that answer in JSON only. */

const SQL = 'SELECT country, SUM(spend) AS spend FROM `acme.ads.costs` GROUP BY 1'
const JOIN = 'SELECT name, spend FROM costs JOIN countries USING (country) ORDER BY 1'
const SCHEMA = [
  {name: 'country', type: 'STRING'},
  {name: 'spend', type: 'NUMERIC'},
]

let double: BigQueryDouble
let workspace: QueryWorkspace

beforeEach(async () => {
  double = await startBigQuery()
  workspace = await queryWorkspace({
    tables: {
      countries: "SELECT * FROM (VALUES ('CZ', 'Czechia'), ('SK', 'Slovakia')) t(country, name)",
    },
  })
})

const agnes = (argv: string[], options: Partial<RunOptions> = {}, env: object = {}) =>
  workspace.run(['query', ...argv], {
    env: {
      HOME: workspace.home,
      AGNES_BIGQUERY_PROJECT: 'payer',
      AGNES_BIGQUERY_ENDPOINT: double.origin,
      ...env,
    },
    ...options,
  })

function knowCosts(more: object = {}): void {
  const rows = [
    ['CZ', '1234567890123456789.123456789'],
    ['SK', '-0.5'],
  ]
  double.statement({sql: 'ads.costs', schema: SCHEMA, rows, bytes: 2 ** 40, ...more})
}

describe('--register-bq with a project of one’s own', () => {
  it('asks BigQuery itself: a dry run, then the statement under the ceiling', async () => {
    knowCosts()
    const argv = [JOIN, '--register-bq', `costs=${SQL}`, '--max-bytes', String(2 ** 41), '--json']
    const {json, exitCode} = await agnes(argv)
    expect(exitCode).toBe(0)
    expect(json.columns).toEqual([
      {name: 'name', type: 'VARCHAR'},
      {name: 'spend', type: 'DECIMAL(38,9)'},
    ])
    expect(json.registered).toEqual([
      {
        ...{alias: 'costs', source: 'bigquery', project: 'payer', rows: 2},
        ...{bytes: expect.any(Number), bytesScanned: 2 ** 40, priceUsd: 6.25},
      },
    ])
    expect(double.jobs.map(({isDryRun, sql, project}) => [isDryRun, sql, project])).toEqual([
      [true, SQL, 'payer'],
      [false, SQL, 'payer'],
    ])
    expect(double.ran[0]!.maximumBytesBilled).toBe(String(2 ** 41))
  })

  it('has exact values and says the price, on a terminal and in a pipe', async () => {
    knowCosts({bytes: 2 ** 30})
    const piped = await agnes([JOIN, '--register-bq', `costs=${SQL}`])
    expect(piped.stdout).toBe(
      'name\tspend\nCzechia\t1234567890123456789.123456789\nSlovakia\t-0.500000000\n',
    )
    expect(piped.stderr).toMatch(
      /^Registered costs: 2 rows, \d+ B in memory, from BigQuery, paid by payer\. Bytes scanned: 1\.1 GB, about \$0\.0061 at list price\.\n$/,
    )
    const terminal = await agnes([JOIN, '--register-bq', `costs=${SQL}`], {tty: true})
    expect(terminal.stdout).toContain('1234567890123456789.123456789')
  })

  it('has a ceiling of 5 GiB when nobody names one', async () => {
    knowCosts({bytes: 5 * 2 ** 30 + 1})
    const {json, exitCode} = await agnes([JOIN, '--register-bq', `costs=${SQL}`, '--json'])
    expect([json.error.code, exitCode]).toEqual(['over_max_bytes', 14])
    expect(double.ran).toEqual([])
    knowCosts({bytes: 1})
    await agnes([JOIN, '--register-bq', `costs=${SQL}`])
    expect(double.ran[0]!.maximumBytesBilled).toBe(String(5 * 2 ** 30))
  })

  it('reads its settings from config.yaml as well', async () => {
    knowCosts({bytes: 1})
    await workspace.write(
      '../config.yaml',
      `bigquery:\n  project: from-file\n  location: EU\n  endpoint: ${double.origin}\n`,
    )
    const env = {
      AGNES_CONFIG_DIR: `${workspace.root}/..`,
      AGNES_BIGQUERY_PROJECT: undefined,
      AGNES_BIGQUERY_ENDPOINT: undefined,
    }
    expect((await agnes([JOIN, '--register-bq', `costs=${SQL}`], {}, env)).exitCode).toBe(0)
    expect(double.ran).toMatchObject([{project: 'from-file', location: 'EU'}])
  })

  it.each([
    ['a statement that is no SELECT', {statementType: 'DELETE'}, 13, 'not_a_query'],
    [
      'SQL that BigQuery refuses',
      {error: {status: 400, reason: 'invalidQuery', message: 'Unrecognized name: spendx at [1:8]'}},
      13,
      'bq_bad_request',
    ],
    [
      'data it may not read',
      {error: {status: 403, reason: 'accessDenied', message: 'no'}},
      8,
      'bq_forbidden',
    ],
    [
      'a quota',
      {runError: {status: 403, reason: 'quotaExceeded', message: 'used up'}},
      3,
      'bigquery_quota',
    ],
  ])('fails as its kind for %s', async (_what, scripted, code, name) => {
    knowCosts({bytes: 1, ...scripted})
    const {json, exitCode, stdout} = await agnes([JOIN, '--register-bq', `costs=${SQL}`, '--json'])
    expect([exitCode, json.error.code]).toEqual([code, name])
    expect(json.error.hint).toEqual(expect.any(String))
    expect(stdout).not.toContain('rows')
  })

  it('fetches nothing of an answer with too many rows', async () => {
    knowCosts({bytes: 1, pageRows: 1})
    const argv = [JOIN, '--register-bq', `costs=${SQL}`, '--json']
    const {json, exitCode} = await agnes(argv, {}, {AGNES_REGISTER_MAX_ROWS: '1'})
    expect([exitCode, json.error.code]).toEqual([14, 'register_too_many_rows'])
    expect(double.server.requests.filter(({query}) => query.has('pageToken'))).toEqual([])
  })

  it('is cancelled in BigQuery by Ctrl-C, and leaves nothing', async () => {
    knowCosts({bytes: 1, pending: Infinity})
    const running = agnes([JOIN, '--register-bq', `costs=${SQL}`])
    await double.whenAsked()
    process.emit('SIGINT')
    expect(await running).toMatchObject({exitCode: 130, stdout: ''})
    expect(double.ran.map(({isCancelled}) => isCancelled)).toEqual([true])
  })

  it.each([
    ['AGNES_BIGQUERY_ENDPOINT', 'http://bigquery.example.com'],
    ['AGNES_BIGQUERY_PROJECT', 'not a project'],
  ])('refuses a wrong %s before anything is sent', async (name, value) => {
    const argv = [JOIN, '--register-bq', `costs=${SQL}`, '--json']
    const {json, exitCode} = await agnes(argv, {}, {[name]: value})
    expect([exitCode, json.error.code]).toEqual([2, 'bigquery_settings'])
  })
})

describe('a server that knows no whole queries', () => {
  const env = (origin: string) => ({
    AGNES_BIGQUERY_PROJECT: undefined,
    AGNES_SERVER: origin,
    AGNES_TOKEN: 'token',
  })

  async function olderServer(answer: object) {
    const server = await startTestServer()
    const missing = {detail: "Table 'costs' not found"}
    server.on('POST', '/api/v2/scan/estimate', () => ({status: 404, body: missing}))
    server.json('/api/v2/catalog', {tables: []}).optional()
    server.on('POST', '/api/query', () => ({status: 200, body: answer}))
    return server
  }

  it('is asked as --remote asks it, with the ceiling along', async () => {
    const server = await olderServer({
      columns: ['country', 'spend', 'big'],
      rows: [
        ['CZ', '1.50', 1],
        ['SK', null, null],
      ],
      row_count: 2,
      truncated: false,
    })
    const part = 'costs=WITH x AS (SELECT 1) SELECT * FROM x'
    const argv = ['SELECT name, spend, big FROM costs JOIN countries USING (country) ORDER BY 1']
    const {json} = await agnes([...argv, '--register-bq', part, '--json'], {}, env(server.origin))
    expect(json.rows).toEqual([
      ['Czechia', '1.50', 1],
      ['Slovakia', null, null],
    ])
    expect(json.registered).toMatchObject([{source: 'server', bytesScanned: null, priceUsd: null}])
    const [asked] = server.requestsTo('/api/query')
    expect(JSON.parse(String(asked!.body))).toEqual({
      sql: 'WITH x AS (SELECT 1) SELECT * FROM x',
      limit: 500_000,
      max_bytes: 5 * 2 ** 30,
    })
  })

  it('that cuts its answer makes the query fail', async () => {
    const server = await olderServer({
      columns: ['country'],
      rows: [['CZ']],
      row_count: 1,
      truncated: true,
    })
    const argv = ['FROM costs', '--register', 'costs=SELECT 1 AS country', '--json']
    const {json, exitCode, stdout} = await agnes(argv, {}, env(server.origin))
    expect([exitCode, json.error.code]).toEqual([14, 'register_too_many_rows'])
    expect(stdout).not.toContain('CZ')
  })
})
