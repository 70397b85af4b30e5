import {FakeClock} from './fake-clock.js'
import {fakeToken} from './fake-agnes.js'
import {recorded, recordedBytes, type recordedVersions} from './recorded.js'
import type {RunOptions, RunOutcome} from './run-cli.js'
import {startTestServer, type TestServer} from './test-server.js'

export interface DiscoveryServer extends TestServer {
  /** AGNES_SERVER and AGNES_TOKEN of somebody the server knows. */
  env: Record<string, string>
}

const DISCOVERY = /^\/api\/(v2\/(catalog|schema|sample)|catalog\/|metrics)/

/**
 * Answers as a real server of that version did, with the bytes it sent. Where one path was recorded
 * twice, the exchange of `labels` counts, then the one whose label holds `person`, else the later one.
 */
export async function replayDiscovery(
  version: (typeof recordedVersions)[number],
  {person = 'analyst', labels = []}: {person?: string; labels?: readonly string[]} = {},
): Promise<DiscoveryServer> {
  const server = await startDiscoveryServer()
  const exchanges = recorded(version)
  const wanted = exchanges.filter(({label}) => labels.includes(label))
  for (const {label, request, response} of [...exchanges, ...wanted]) {
    if (request.method !== 'GET' || !DISCOVERY.test(request.path)) continue
    if (/\((analyst|admin)\)/.test(label) && !label.includes(person)) continue
    const {pathname} = new URL(request.path, server.origin)
    const answer = {
      status: response.status,
      headers: {'content-type': response.headers['content-type'] ?? 'application/json'},
      body: recordedBytes(response.body),
    }
    server.on('GET', decodeURIComponent(pathname), () => answer).optional()
  }
  return server
}

/** A server without routes, and the environment of a person who uses it. */
export async function startDiscoveryServer(): Promise<DiscoveryServer> {
  const server = await startTestServer()
  const env = {AGNES_SERVER: server.origin, AGNES_TOKEN: fakeToken()}
  return Object.assign(server, {env})
}

/** 2026-01-31T12:00:00Z. */
export function noon(): FakeClock {
  return new FakeClock(Date.parse('2026-01-31T12:00:00Z'))
}

/** One command in the three renderings, with what differs from run to run taken out. */
export async function renderings(
  argv: string[],
  run: (argv: string[], options: Partial<RunOptions>) => Promise<RunOutcome>,
  changing: Record<string, string>,
): Promise<string> {
  const sections = []
  for (const [title, extra, tty] of [
    ['terminal', [], true],
    ['pipe', [], false],
    ['json', ['--json'], false],
  ] as const) {
    const outcome = await run([...argv, ...extra], {tty})
    sections.push(
      `--- ${title}: exit ${outcome.exitCode}`,
      outcome.stdout.trimEnd(),
      ...(outcome.stderr === '' ? [] : ['--- stderr', outcome.stderr.trimEnd()]),
    )
  }
  const text = [`$ agnes ${argv.join(' ')}`, ...sections, ''].join('\n')
  return Object.entries(changing).reduce(
    (made, [found, name]) => made.replaceAll(found, name),
    text,
  )
}
