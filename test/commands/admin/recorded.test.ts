import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {renderings} from '../../support/discovery-server.js'
import {fakeToken} from '../../support/fake-agnes.js'
import {
  recorded,
  recordedBytes,
  recordedVersions,
  type RecordedExchange,
} from '../../support/recorded.js'
import {repositoryRoot, runCli} from '../../support/run-cli.js'
import {tempDir} from '../../support/temp-dir.js'
import {startTestServer} from '../../support/test-server.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {AdminApi} from '../../../src/lib/admin/admin-api.js'

type Version = (typeof recordedVersions)[number]

interface Case {
  argv: string[]
  /** The exchange the command must make, with the recorded body. */
  label: string
  /** The command answers without this request, for the reason given. */
  instead?: string
  stdin?: string
}

const register = (name: string): Case => ({
  argv: ['table', 'register', name, '--source-type', 'local', '--description', `Demo ${name}`],
  label: `admin: register table ${name}`,
})
const grantTable = (name: string): Case => ({
  argv: ['grant', 'create', 'analysts', 'table', name, '--unlisted'],
  label: `admin: create table grant ${name}`,
})

/** Every recorded exchange of these endpoints, by the command that makes it. */
const CASES: Record<string, Case> = {
  ...Object.fromEntries(
    ['tickets', 'flights', 'movies', 'airports', 'weather', 'gapminder', 'types_zoo'].map(
      (name) => [`table-register-${name}`, register(name)],
    ),
  ),
  'table-register-duplicate': {
    argv: ['table', 'register', 'movies', '--source-type', 'local'],
    label: 'admin: register duplicate table',
  },
  'table-register-remote': {
    argv: [
      ...['table', 'register', 'web_sessions', '--source-type', 'bigquery'],
      ...['--bucket', 'analytics', '--description', 'Web sessions in BigQuery'],
    ],
    label: 'admin: register remote bigquery table',
  },
  'table-list': {argv: ['table', 'list'], label: 'admin: registry'},
  'sync-trigger': {
    argv: ['sync', 'trigger', '__rebuild_only__'],
    label: 'admin: trigger rebuild',
  },
  'user-create': {
    argv: ['user', 'create', 'ann@example.com', '--name', 'Ann'],
    label: 'admin: create user',
  },
  'user-create-duplicate': {
    argv: ['user', 'create', 'ann@example.com', '--name', 'Ann'],
    label: 'admin: create user duplicate',
  },
  'user-set-password': {
    argv: ['user', 'set-password', 'ann@example.com', '--password-stdin'],
    label: 'admin: set password',
    stdin: 'annpass1234\n',
  },
  'user-list': {argv: ['user', 'list'], label: 'admin: list users'},
  'group-create': {
    argv: ['group', 'create', 'analysts', '--description', 'Everyone in analytics'],
    label: 'admin: create group',
  },
  'group-create-duplicate': {
    argv: ['group', 'create', 'analysts'],
    label: 'admin: create group duplicate',
  },
  'group-list': {argv: ['group', 'list'], label: 'admin: list groups'},
  'group-list-refused': {argv: ['group', 'list'], label: 'admin: groups refused to analyst'},
  'group-add-member': {
    argv: ['group', 'add-member', 'analysts', 'ann@example.com'],
    label: 'admin: add member',
  },
  'group-add-member-unknown': {
    argv: ['group', 'add-member', 'analysts', 'nobody@example.com'],
    label: 'admin: add member unknown',
  },
  'group-members': {argv: ['group', 'members', 'analysts'], label: 'admin: list members'},
  ...Object.fromEntries(
    ['movies', 'weather', 'types_zoo', 'gapminder', 'web_sessions'].map((name) => [
      `grant-create-${name}`,
      grantTable(name),
    ]),
  ),
  'grant-create-duplicate': {
    argv: ['grant', 'create', 'analysts', 'table', 'movies'],
    label: 'admin: create grant duplicate',
  },
  'grant-create-bad-type': {
    argv: ['grant', 'create', 'analysts', 'planet', 'mars'],
    label: 'admin: create grant bad type',
  },
  'grant-create-package': {
    argv: [
      ...['grant', 'create', 'analysts', 'data_package', 'pkg_4da47b2e0fce'],
      ...['--requirement', 'required'],
    ],
    label: 'admin: package grant',
  },
  'grant-create-refused': {
    argv: ['grant', 'create', 'analysts', 'table', 'flights'],
    label: 'admin: grant create refused to analyst',
    instead: 'the group cannot be looked up either: refused a step before',
  },
  'grant-list': {argv: ['grant', 'list'], label: 'admin: list grants'},
  'grant-list-of-group': {
    argv: ['grant', 'list', '--group', 'analysts'],
    label: 'admin: list grants of group',
  },
  'grant-delete': {argv: ['grant', 'delete', 'GAPMINDER', '--yes'], label: 'admin: delete grant'},
  'grant-delete-unknown': {
    argv: ['grant', 'delete', 'nope', '--yes'],
    label: 'admin: delete grant unknown',
    instead: 'it is in no list, so nothing is sent',
  },
  'resource-types': {argv: ['resource-types'], label: 'admin: resource types'},
  'metrics-list-empty': {argv: ['metrics', 'list'], label: 'metrics: list empty'},
  'metrics-list': {argv: ['metrics', 'list'], label: 'metrics: list'},
  'metrics-show': {argv: ['metrics', 'show', 'revenue/mrr'], label: 'metrics: show'},
  'metrics-show-unknown': {
    argv: ['metrics', 'show', 'revenue/nope'],
    label: 'metrics: show unknown',
  },
}

const ENDPOINTS = /^\/api\/(admin\/|users|metrics|sync\/(trigger|status))/
/** Of these endpoints but of no verb, each with what becomes of it. */
const ELSEWHERE = new Map([
  ['metrics: create', 'the verbs import files; replayed through the client below'],
  ['admin: create data package', 'data packages are no verb of agnes'],
])
const PACKAGE_CONTENT = /^admin: package add /

const LISTS = [
  'admin: list users',
  'admin: list groups',
  'admin: list members',
  'admin: list grants',
  'admin: registry',
  'admin: resource types',
  'metrics: list',
]

function exchange(version: Version, label: string): RecordedExchange | undefined {
  return recorded(version).find((one) => one.label === label)
}

/** The recorded lists, and in front of them the one exchange a case is about. */
async function replay(version: Version, label: string) {
  const server = await startTestServer()
  const wanted = exchange(version, label)!
  const seen: {body: unknown}[] = []
  for (const one of [wanted, ...LISTS.map((list) => exchange(version, list)!)]) {
    const {pathname} = new URL(one.request.path, server.origin)
    const answer = {
      status: one.response.status,
      headers: {'content-type': one.response.headers['content-type'] ?? 'application/json'},
      body: recordedBytes(one.response.body),
    }
    const isWanted = one === wanted
    const isTaken =
      !isWanted && wanted.request.method === 'GET' && pathname === pathOf(wanted, server.origin)
    if (isTaken) continue
    server
      .on(one.request.method, pathname, (request) => {
        const text = request.body.toString()
        if (isWanted) seen.push({body: text === '' ? undefined : JSON.parse(text)})
        return answer
      })
      .optional()
  }
  if (wanted.response.status === 403 && wanted.request.method !== 'GET')
    server.on('GET', '/api/admin/groups', () => ({
      status: 403,
      body: {detail: 'Admin access required'},
    }))
  return {server, seen, wanted}
}

function pathOf({request}: RecordedExchange, origin: string): string {
  return new URL(request.path, origin).pathname
}

describe.each(recordedVersions)('with the answers of a server %s', (version) => {
  const cases = Object.entries(CASES).filter(([, {label}]) => exchange(version, label))

  it.each(cases)('prints %s as before, and asks what was recorded', async (name, one) => {
    const {server, seen, wanted} = await replay(version, one.label)
    const home = await tempDir()
    const gapminder = pathOf(exchange(version, 'admin: delete grant')!, server.origin)
    const argv = one.argv.map((word) =>
      word === 'GAPMINDER' ? gapminder.split('/').at(-1)!.slice(0, 8) : word,
    )
    const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: fakeToken()}
    const run = (words: string[], options: object) =>
      runCli(words, {env, currentDir: home, stdin: one.stdin ?? '', ...options})
    const printed = await renderings(['admin', ...argv], run, {
      [server.origin]: 'http://agnes.test',
    })
    await expect(printed).toMatchFileSnapshot(
      join(repositoryRoot, 'test/fixtures/golden/admin', version, `${name}.txt`),
    )
    const body = wanted.request.body?.text
    const sent = {body: body === undefined || body === '' ? undefined : JSON.parse(body)}
    const times = one.instead === undefined ? 3 : 0
    if (wanted.request.method === 'GET') expect(seen.length).toBeGreaterThanOrEqual(times)
    else expect(seen).toEqual(Array(times).fill(sent))
  })

  it('replays every recorded exchange of these endpoints', () => {
    const replayed = new Set(Object.values(CASES).map(({label}) => label))
    const missing = recorded(version)
      .filter(({request}) => ENDPOINTS.test(request.path))
      .map(({label}) => label)
      .filter((label) => !replayed.has(label) && !ELSEWHERE.has(label))
      .filter((label) => !PACKAGE_CONTENT.test(label))
    expect(missing).toEqual([])
  })

  it('writes a metric through the client as it was recorded', async () => {
    const {server, seen, wanted} = await replay(version, 'metrics: create')
    const http = new GotHttpClient({origin: server.origin, token: 'x', userAgent: 'test'})
    const document = JSON.parse(wanted.request.body!.text!) as Record<string, unknown>
    expect(await new AdminApi(http).saveMetric(document)).toMatchObject({id: 'revenue/mrr'})
    expect(seen).toEqual([{body: document}])
  })
})
