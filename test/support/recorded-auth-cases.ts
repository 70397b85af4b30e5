import {expect} from 'vitest'
import {recordedBytes, type recordedVersions, type RecordedExchange} from './recorded.js'
import type {RunOutcome} from './run-cli.js'
import type {TestServer} from './test-server.js'

/** `{"typ":"pat","jti":ID,"email":…}`, as a token of the recorded servers says of itself. */
function tokenOf(jti: string, email: string): string {
  const claims = Buffer.from(JSON.stringify({typ: 'pat', jti, email})).toString('base64url')
  return `e30.${claims}.c2ln`
}

/** Recorded exchanges of sign-in, and the command that makes them. */
export interface AuthCase {
  /** Labels of the recorded exchanges this replays, in the order they are asked for. */
  labels: string[]
  run(world: AuthWorld): Promise<void>
}

export interface AuthWorld {
  version: (typeof recordedVersions)[number]
  server: TestServer
  agnes(argv: string[], options?: {stdin?: string; token?: string}): Promise<RunOutcome>
  exchange(label: string): RecordedExchange
}

const login = ['auth', 'login', '--json', '--password-stdin', '--email']

export const AUTH_CASES: Record<string, AuthCase> = {
  'a sign-in by password makes a token of its own': {
    labels: ['auth: password login ok', 'auth: create PAT'],
    async run({agnes, server}) {
      const {exitCode, json} = await agnes([...login, 'admin@example.com'], {stdin: 'adminpass123'})
      expect([exitCode, json.method, json.email]).toEqual([0, 'password', 'admin@example.com'])
      const [asked] = server.requestsTo('/auth/token')
      expect(JSON.parse(String(asked?.body))).toEqual({
        email: 'admin@example.com',
        password: 'adminpass123',
      })
    },
  },
  'an analyst signs in the same way': {
    labels: ['auth: analyst login', 'auth: analyst PAT'],
    async run({agnes}) {
      const {exitCode, json} = await agnes([...login, 'ann@example.com'], {stdin: 'annpass1234'})
      expect([exitCode, json.email, json.isSession]).toEqual([0, 'ann@example.com', false])
    },
  },
  'a wrong password is refused': {
    labels: ['auth: password login wrong'],
    async run({agnes}) {
      const {exitCode, json} = await agnes([...login, 'admin@example.com'], {stdin: 'nope'})
      expect([exitCode, json.error.code, json.error.message]).toMatchObject([
        ...[7, 'sign_in_refused', expect.stringContaining('did not sign admin@example.com in')],
      ])
    },
  },
  'a token cannot make a token': {
    labels: ['auth: create PAT with PAT refused'],
    async run({agnes}) {
      const {exitCode, json} = await agnes(
        ['auth', 'token', 'create', 'x', '--ttl', '1d', '--json'],
        {token: tokenOf('x', 'admin@example.com')},
      )
      expect([exitCode, json.error.code]).toEqual([8, 'session_required'])
      expect(json.error.hint).toContain('--email')
    },
  },
  'a token is made with a password': {
    labels: ['auth: analyst login', 'auth: analyst PAT 2'],
    async run({agnes, exchange}) {
      const {exitCode, json} = await agnes(
        ['auth', 'token', 'create', 'laptop2', '--ttl', '30d', '--json'].concat(
          ...['--email', 'ann@example.com', '--password-stdin'],
        ),
        {stdin: 'annpass1234'},
      )
      const {id} = JSON.parse(
        recordedBytes(exchange('auth: analyst PAT 2').response.body).toString(),
      )
      expect([exitCode, json.id, json.name]).toEqual([0, id, 'laptop2'])
      expect(json.expiresAt).toMatch(/^2026-12-21T05:11:\d\d\.\d{3}Z$/)
    },
  },
  'tokens are listed': {
    labels: ['auth: list tokens'],
    async run({agnes, version, exchange}) {
      const [item] = JSON.parse(
        recordedBytes(exchange('auth: list tokens').response.body).toString(),
      )
      const token = tokenOf(item.id, 'admin@example.com')
      const {exitCode, json} = await agnes(['auth', 'token', 'list', '--json'], {token})
      expect([exitCode, json.tokens]).toMatchObject([
        0,
        [
          {
            ...{id: item.id, name: 'peer', prefix: item.prefix, state: 'active', isCurrent: true},
            ...{expiresAt: null, revokedAt: null, surface: version === 'v0.48.0' ? null : 'all'},
          },
        ],
      ])
      expect(json.tokens[0].createdAt).toMatch(/^2026-11-21T05:11:\d\d\.\d{3}Z$/)
    },
  },
  'logging out revokes the token': {
    labels: ['auth: revoke analyst PAT'],
    async run({agnes, server, exchange}) {
      const {path} = exchange('auth: revoke analyst PAT').request
      const token = tokenOf(path.split('/').at(-1) ?? '', 'ann@example.com')
      const {exitCode, json} = await agnes(['auth', 'logout', '--json'], {token})
      expect([exitCode, json.isRevoked, server.requestsTo(path)[0]?.method]).toEqual([
        ...[0, true, 'DELETE'],
      ])
    },
  },
  'whoami --verify tells groups': {
    labels: ['auth: list tokens', 'me: effective access'],
    async run({agnes}) {
      const token = tokenOf('another', 'ann@example.com')
      const {exitCode, json} = await agnes(['auth', 'whoami', '--verify', '--json'], {token})
      expect([exitCode, json.isVerified, json.isAdmin, json.email]).toEqual([
        ...[0, true, false, 'ann@example.com'],
      ])
      expect(json.groups).toContain('analysts')
    },
  },
}
