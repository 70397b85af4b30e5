import {copyFile, mkdir, mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {Cell} from '../../src/lib/ports/warehouse.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {inEngine} from '../support/engine.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'

/** Source file and the table the server makes of it. */
const sources = {
  'flights-3m.parquet': 'flights_3m',
  'movies.json': 'movies',
  'airports.csv': 'airports',
  'weather.csv': 'weather',
  'gapminder.json': 'gapminder',
  'flights-10k.json': 'flights_10k',
} as const
const data = join(repositoryRoot, 'node_modules/vega-datasets/data')

let root: string
let server: EmbeddedServer
let env: Record<string, string>
let workspace: string

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'agnes-real-')))
  const served = join(root, 'served')
  await mkdir(served)
  for (const file of Object.keys(sources)) await copyFile(join(data, file), join(served, file))
  server = await startEmbeddedServer({dir: served, isShared: true})
  workspace = join(root, 'workspace')
  env = {HOME: root, AGNES_CONFIG_DIR: join(root, 'config')}
  const init = await runCli(
    ['init', workspace, '--server-url', server.url, '--token-stdin', '--json'],
    {env, currentDir: root, stdin: server.adminToken},
  )
  expect(init.exitCode, init.stderr).toBe(0)
}, 120_000)

afterAll(async () => {
  await server.close()
  await rm(root, {recursive: true, force: true})
})

describe('real data sets through the server', () => {
  it.each(Object.entries(sources))(
    '%s arrives as table %s with the same rows and sums',
    async (file, table) => {
      const columns = await columnsOf(file)
      const facts = columns
        .map(({name, isNumber}) => (isNumber ? exactSum(name) : `count("${name}"::VARCHAR)`))
        .join(', ')
      const select = `SELECT count(*), ${facts} FROM`
      const pulled = await runCli(['query', `${select} "${table}"`, '--json'], {
        env,
        currentDir: workspace,
      })
      expect(pulled.exitCode, pulled.stderr).toBe(0)
      const [expected] = await engineRows(`${select} '${join(data, file)}'`)
      expect(pulled.json.rows[0]!.map(String)).toEqual(expected!.map(String))
      expect(Number(expected![0])).toBeGreaterThan(0)
    },
    60_000,
  )

  it('holds three million flights', async () => {
    const counted = await runCli(['query', 'SELECT count(*) FROM "flights_3m"', '--json'], {
      env,
      currentDir: workspace,
    })
    expect(counted.json.rows).toEqual([[3_000_000]])
  })

  it('finds nothing to do on the second pull', async () => {
    const again = await runCli(['pull', '--json'], {env, currentDir: workspace})
    expect(again.json).toMatchObject({downloaded: [], failed: []})
  })
})

/** A sum that does not depend on the order of the rows. */
function exactSum(name: string): string {
  return `sum(CAST("${name}" AS DECIMAL(38, 6)))::VARCHAR`
}

async function columnsOf(file: string): Promise<{name: string; isNumber: boolean}[]> {
  const rows = await engineRows(`DESCRIBE SELECT * FROM '${join(data, file)}'`)
  return rows.map(([name, type]) => ({
    name: String(name),
    isNumber: /^(BIGINT|INTEGER|SMALLINT|TINYINT|DOUBLE|FLOAT|U?BIGINT|DECIMAL)/.test(String(type)),
  }))
}

function engineRows(sql: string): Promise<Cell[][]> {
  return inEngine((session) => session.rows(sql))
}
