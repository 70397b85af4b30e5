import {describe, expect, it} from 'vitest'
import {adminOf} from '../../support/admin-runs.js'
import {startTestServer} from '../../support/test-server.js'

/** As 0.48.0 answers: a group with anything in it cannot be deleted, and it does not say why. */
async function baseline({source = 'admin', isGrantKept = false} = {}) {
  const server = await startTestServer()
  const [members, grants] = [new Set(['u1']), new Set(['g1'])]
  const group = {id: 'abc', name: 'Sales', is_system: false, member_count: 1, grant_count: 1}
  const person = {user_id: 'u1', email: 'ann@example.com', active: true, source}
  const grant = {id: 'g1', group_id: 'abc', resource_type: 'table', resource_id: 'orders'}
  const deletions: string[] = []
  const gone = (what: string, from?: Set<string>) => () => {
    deletions.push(what)
    from?.clear()
    return {status: 204}
  }
  server.json('/api/admin/groups', [group])
  server.on('GET', '/api/admin/groups/abc/members', () => ({
    status: 200,
    body: members.size > 0 ? [person] : [],
  }))
  server.on('GET', '/api/admin/grants', () => ({status: 200, body: grants.size > 0 ? [grant] : []}))
  server.on('DELETE', '/api/admin/groups/abc/members/u1', gone('member', members))
  server.on('DELETE', '/api/admin/grants/g1', () =>
    isGrantKept
      ? {status: 409, body: {detail: 'cannot_revoke_system_grant'}}
      : gone('grant', grants)(),
  )
  server.on('DELETE', '/api/admin/groups/abc', () =>
    members.size + grants.size > 0
      ? {status: 500, body: {detail: 'Internal server error', request_id: 'r1'}}
      : gone('group')(),
  )
  const admin = await adminOf({url: server.origin, adminToken: 'token'})
  const run = (...extra: string[]) => admin(['group', 'delete', 'Sales', '--yes', ...extra])
  return {run, deletions}
}

describe('agnes admin group delete, where the server deletes empty groups only', () => {
  it('takes grants and members out first', async () => {
    const {run, deletions} = await baseline()
    const outcome = await run()
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, ''])
    expect(deletions).toEqual(['grant', 'member', 'group'])
  })

  it('touches nothing when a member is not an administrator’s to remove, and says who', async () => {
    const {run, deletions} = await baseline({source: 'google_sync'})
    const outcome = await run()
    expect([outcome.exitCode, deletions]).toEqual([6, []])
    expect(outcome.stderr).toContain('ann@example.com (google_sync)')
    expect(outcome.stderr).toContain('agnes admin group members abc')
  })

  it('says what stands in the way when the group cannot be emptied', async () => {
    const {run, deletions} = await baseline({isGrantKept: true})
    const {exitCode, json} = await run('--json')
    expect([exitCode, deletions]).toEqual([6, []])
    expect(json.error).toMatchObject({
      code: 'group_not_empty',
      message: expect.stringContaining('cannot_revoke_system_grant'),
      hint: expect.stringContaining('agnes admin group members abc'),
    })
  })
})
