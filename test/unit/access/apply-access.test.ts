import {describe, expect, it} from 'vitest'
import {applyAccess, applyFailure, planFor} from '../../../src/lib/access/apply-access.js'
import {parseAccess} from '../../../src/lib/access/parse-access.js'
import {refuseStale, storePlan} from '../../../src/lib/access/plan-file.js'
import {AdminApi} from '../../../src/lib/admin/admin-api.js'
import {openHttpClient} from '../../../src/lib/adapters/open-http-client.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {readEnv} from '../../../src/lib/config/env.js'
import {InterruptedError} from '../../../src/lib/errors.js'
import {startEmbeddedServer} from '../../support/embedded-server.js'

const never = new AbortController().signal
const options = {prune: false, path: 'access.yaml'}
const FILE = `
users: {a@example.com: , b@example.com: , c@example.com: {active: false}}
groups: {one: {members: [a@example.com, b@example.com]}, two: {members: [c@example.com]}}
grants: {one: {memory_domain: [finance]}, two: {memory_domain: [product]}}
metrics: {a/b: {sql: SELECT 1}}
`

async function started() {
  const server = await startEmbeddedServer()
  const peer = {origin: server.url, token: server.adminToken, userAgent: 'test'}
  const config = new NodeFiles(server.dir, systemRandom)
  const http = await openHttpClient(peer, {env: readEnv({HOME: server.dir}), config})
  return {server, admin: {api: new AdminApi(http), me: 'admin@localhost'}}
}

describe('an apply that is interrupted', () => {
  it('has done a beginning, and is carried on at any point, also with its plan', async () => {
    const {server, admin} = await started()
    const desired = parseAccess(FILE, 'access.yaml')
    const first = await planFor(admin, desired, options, never)
    const facts = {server: server.url, madeAt: '2026-01-31T12:00:00.000Z', prune: false}
    const file = {path: 'access.yaml', sha256: 'abc'}
    const stored = storePlan(first.plan, {...facts, file, current: first.current})
    const total = first.plan.actions.length
    let left = total
    for (let run = 0; left > 0; run++) {
      const planned = await planFor(admin, desired, options, never)
      refuseStale(stored, {server: server.url, sha256: 'abc', prune: false, ...planned})
      const controller = new AbortController()
      const stopping = {
        ...options,
        onProgress: (done: number) => {
          if (done === 3) controller.abort(new InterruptedError('SIGINT'))
        },
      }
      const work = {desired, ...planned}
      await applyAccess(admin, work, stopping, controller.signal).catch((error: unknown) => {
        if (!(error instanceof InterruptedError)) throw error
      })
      const now = (await planFor(admin, desired, options, never)).plan.actions.length
      expect(now).toBe(Math.max(0, left - 3))
      left = now
    }
  })

  it('is not carried on over what somebody else did in between', async () => {
    const {server, admin} = await started()
    const desired = parseAccess(FILE, 'access.yaml')
    const {current, plan} = await planFor(admin, desired, options, never)
    const facts = {server: server.url, madeAt: '2026-01-31T12:00:00.000Z', prune: false}
    const stored = storePlan(plan, {...facts, file: {path: 'f', sha256: 'abc'}, current})
    await server.call('POST', '/api/users', {body: {email: 'else@example.com', name: 'Else'}})
    const now = await planFor(admin, desired, options, never)
    expect(() =>
      refuseStale(stored, {server: server.url, sha256: 'abc', prune: false, ...now}),
    ).toThrow('user else@example.com')
  })
})

describe('an apply whose server goes away', () => {
  it('tries nothing more, and says that the result is not known', async () => {
    const {server, admin} = await started()
    const desired = parseAccess(FILE, 'access.yaml')
    const planned = await planFor(admin, desired, options, never)
    await server.close()
    const outcome = await applyAccess(admin, {desired, ...planned}, options, never)
    expect(outcome).toMatchObject({ok: false, remaining: null})
    const states = outcome.applied.map(({state}) => state)
    expect(states).toEqual(['failed', ...states.slice(1).map(() => 'skipped')])
    expect(applyFailure(outcome)).toMatchObject({exitCode: 12, code: 'partly_applied'})
  })
})
