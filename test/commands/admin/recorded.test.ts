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
import {ADMIN_CASES} from '../../support/recorded-admin-cases.js'
import {repositoryRoot, runCli} from '../../support/run-cli.js'
import {tempDir} from '../../support/temp-dir.js'
import {startTestServer} from '../../support/test-server.js'

type Version = (typeof recordedVersions)[number]

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
  const cases = Object.entries(ADMIN_CASES).filter(([, {label}]) => exchange(version, label))

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
})
