import {copyFile, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {hashPassword} from '../../src/server/auth/passwords.js'
import {newUser} from '../../src/server/seed-state.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {repositoryRoot} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

interface Exchange {
  label: string
  request: {method: string; path: string; headers: Record<string, string>; body?: Body}
  response: {status: number; headers: Record<string, string>; body: Body}
}
interface Body {
  text?: string
  base64?: string
}

/** Told by this server on purpose in another way than by the recorded one; each with its reason. */
const ON_PURPOSE = new Map([
  ['admin: register remote bigquery table', 'names what to do with an embedded server instead'],
  ['upload: session bad name', 'the later rule: a name with path parts or blanks is refused'],
  ['v2: sample types_zoo', 'the recorded server fails on a BLOB'],
  ['v2: scan bad field type', 'the text of a Python library'],
  [
    'query: missing table',
    "the engine's own guess at another name is left out: it may name a secret",
  ],
  ['query: remote table', 'as above'],
  ['query: bq path unregistered', 'our own hint'],
  ['health detailed', 'counts and names of tables go to administrators only, as by 0.84.8'],
  ['hybrid: not admin', 'there is no BigQuery to join with; absent routes answer 405'],
])
const OUT_OF_SCOPE = /^marketplace:/

it('answers the recorded exchanges of server 0.48.0 with the same status and shape', async () => {
  const server = await startEmbeddedServer({dir: await recordedData()})
  await addRecordedAdmin(server)
  const replay = new Replay(server)
  const problems: string[] = []
  for (const exchange of await recording()) {
    if (OUT_OF_SCOPE.test(exchange.label)) continue
    const difference = await replay.play(exchange)
    if (!ON_PURPOSE.has(exchange.label)) problems.push(...difference)
  }
  expect(problems).toEqual([])
})

class Replay {
  private readonly ids = new Map<string, string>()
  private readonly tokens = new Map<string, string>()

  constructor(private readonly server: EmbeddedServer) {}

  async play(exchange: Exchange): Promise<string[]> {
    const {label, request, response} = exchange
    const answer = await fetch(this.server.url + this.translate(request.path), {
      method: request.method,
      headers: this.headers(exchange),
      ...this.body(request.body),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const [etag, ourEtag] = [response.headers.etag, answer.headers.get('etag')]
    if (etag !== undefined && ourEtag !== null) this.ids.set(etag, ourEtag)
    const problems: string[] = []
    const note = (what: string) => problems.push(`${label}: ${what}`)
    if (answer.status !== response.status)
      note(`status ${answer.status}, recorded ${response.status}`)
    for (const header of [
      'content-type',
      'allow',
      'content-range',
      'accept-ranges',
      'content-disposition',
    ])
      if (!sameHeader(header, response.headers[header], answer.headers.get(header)))
        note(`${header} ${answer.headers.get(header)}, recorded ${response.headers[header]}`)
    if (!String(answer.headers.get('content-type')).includes('json') || bytes.length === 0)
      return problems
    if (!response.body.text) return problems
    const [theirs, ours] = [JSON.parse(response.body.text), JSON.parse(bytes.toString())]
    this.learn(theirs, ours)
    this.keepTokens(label, ours)
    if (response.status < 400) return [...problems, ...shapeProblems(theirs, ours, label)]
    const expected = JSON.parse(this.translate(response.body.text)) as {request_id?: string}
    delete expected.request_id
    if (JSON.stringify(ours) !== JSON.stringify(expected))
      note(`${JSON.stringify(ours)}, recorded ${JSON.stringify(expected)}`)
    return problems
  }

  /** Ids differ from run to run: what the recorded answer calls x, ours calls y from now on. */
  private learn(theirs: unknown, ours: unknown): void {
    if (typeof theirs === 'string' && typeof ours === 'string' && /^[0-9a-f-]{32,36}$/.test(theirs))
      this.ids.set(theirs, ours)
    if (typeof theirs !== 'object' || theirs === null || typeof ours !== 'object' || ours === null)
      return
    for (const [key, value] of Object.entries(theirs)) this.learn(value, (ours as any)[key])
  }

  private translate(text: string): string {
    return text.replace(/[0-9a-f-]{32,36}/g, (id) => this.ids.get(id) ?? id)
  }

  private keepTokens(label: string, body: any): void {
    if (body.access_token) this.tokens.set(`${body.role} session`, body.access_token)
    if (body.token) this.tokens.set(label === 'auth: create PAT' ? 'admin' : 'user', body.token)
  }

  private headers({label, request}: Exchange): Record<string, string> {
    const {authorization, 'content-length': _length, ...headers} = request.headers
    const known = headers['if-none-match']
    if (known !== undefined) headers['if-none-match'] = this.ids.get(known) ?? known
    if (authorization === undefined) return headers
    return {...headers, authorization: `Bearer ${this.tokens.get(this.who(label)) ?? 'garbage'}`}
  }

  private who(label: string): string {
    if (label === 'sync: manifest garbage token') return 'nobody'
    if (label === 'auth: create PAT') return 'admin session'
    if (label === 'auth: analyst PAT' || label === 'auth: analyst PAT 2') return 'user session'
    if (/refused to analyst/.test(label)) return 'user'
    const isAdmin =
      /^admin:|\(admin\)|as admin|^metrics: create|^memory: (?:create|mandate|approve)/.test(label)
    return isAdmin || !this.tokens.has('user') ? 'admin' : 'user'
  }

  private body(body: Body | undefined): {body?: string | Buffer} {
    if (body?.base64 !== undefined) return {body: Buffer.from(body.base64, 'base64')}
    return body?.text === undefined ? {} : {body: this.translate(body.text)}
  }
}

/** Every recorded key is there with the same type; more keys are allowed. */
function shapeProblems(theirs: unknown, ours: unknown, path: string): string[] {
  if (kindOf(theirs) !== kindOf(ours))
    return [`${path} is ${kindOf(ours)}, recorded ${kindOf(theirs)}`]
  if (Array.isArray(theirs)) {
    const pairs = Math.min(theirs.length, (ours as unknown[]).length)
    return theirs
      .slice(0, pairs)
      .flatMap((item, i) => shapeProblems(item, (ours as any)[i], `${path}[${i}]`))
  }
  if (typeof theirs !== 'object' || theirs === null) return []
  return Object.entries(theirs).flatMap(([key, value]) =>
    shapeProblems(value, (ours as any)[key], `${path}.${key}`),
  )
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

function sameHeader(name: string, theirs: string | undefined, ours: string | null): boolean {
  if (name === 'content-range') return (theirs === undefined) === (ours === null)
  // The recorded server names a type even where there is no body.
  if (name === 'content-type' && ours === null) return true
  return (theirs ?? null) === ours
}

async function recording(): Promise<Exchange[]> {
  const path = join(repositoryRoot, 'test/fixtures/recorded/v0.48.0.jsonl')
  return (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** The folder the recorded server had: five public data sets and a table of every type. */
async function recordedData(): Promise<string> {
  const dir = await tempDir()
  const data = join(repositoryRoot, 'node_modules/vega-datasets/data')
  await copyFile(join(data, 'flights-3m.parquet'), join(dir, 'flights.parquet'))
  await copyFile(join(data, 'seattle-weather.csv'), join(dir, 'weather.csv'))
  for (const file of ['movies.json', 'airports.csv', 'gapminder.json'])
    await copyFile(join(data, file), join(dir, file))
  const session = await new DuckDbWarehouse().open({path: ':memory:', access: 'write'})
  await session.run(
    `COPY (SELECT 1::TINYINT AS a_tiny, 9223372036854775807 AS a_big, 1.5::DECIMAL(19,2) AS a_dec,
      DATE '2026-01-31' AS a_date, TIMESTAMP '2026-01-31 23:59:59.123456' AS a_ts,
      TIMESTAMPTZ '2026-01-31 21:59:59+00' AS a_tstz, TIME '12:34:56' AS a_time, 'text' AS a_text,
      true AS a_bool, NULL::INTEGER AS a_null, [1, 2, 3] AS a_list, {x: 1, y: 'z'} AS a_struct,
      '\\x00'::BLOB AS a_blob) TO '${join(dir, 'types_zoo.parquet')}' (FORMAT parquet)`,
  )
  await session.close()
  return dir
}

async function addRecordedAdmin({state}: EmbeddedServer): Promise<void> {
  const ports = {clock: systemClock, random: systemRandom}
  const user = newUser(ports, {email: 'admin@example.com', name: 'Admin'})
  const row = {...user, passwordHash: await hashPassword('adminpass123', systemRandom)}
  const groupId = state.groupByName('Admin')?.id ?? ''
  await state.update(() => ({
    changes: [
      {put: 'users', row},
      {
        put: 'members',
        row: {groupId, userId: user.id, source: 'admin', addedAt: user.createdAt, addedBy: 'test'},
      },
      {drop: 'groups', key: ['analysts']},
      {drop: 'members', key: ['analysts', 'analyst-0000']},
    ],
    result: undefined,
  }))
}
