import {describe, expect, it} from 'vitest'
import {parseDaemonSettings} from '../../../../src/lib/daemon/daemon-settings.js'
import {
  afterVainAttempt,
  nextToMend,
  reconcile,
} from '../../../../src/lib/daemon/findings/findings.js'
import type {Finding, Observation, Policy} from '../../../../src/lib/daemon/model.js'

const {policies} = parseDaemonSettings(undefined)
const altered: Observation = {
  kind: 'files_altered',
  subject: 'orders',
  message: 'Files of orders are missing.',
  action: ['pull', '--quiet'],
}
const now = '2026-01-31T12:00:00.000Z'
const under = (policy: Policy) => ({
  workspace: '/w',
  policies: {...policies, files_altered: policy},
  now,
})
const found = (policy: Policy, known: Finding[] = []) => reconcile(known, [altered], under(policy))

describe('findings', () => {
  it('are news once', () => {
    const first = found('auto')
    expect(first.news).toHaveLength(1)
    const second = found('auto', first.findings)
    expect(second.news).toEqual([])
    expect(second.findings).toEqual(first.findings)
  })

  it('go when they are not seen any more', () => {
    const {findings} = found('auto')
    const after = reconcile(findings, [], under('auto'))
    expect(after.findings).toEqual([])
    expect(after.gone).toEqual(findings)
  })

  it('are one, however often a sensor names them', () => {
    expect(reconcile([], [altered, altered], under('auto')).findings).toHaveLength(1)
  })

  it('are not looked at where the policy is off', () => {
    expect(found('off').findings).toEqual([])
  })

  it.each([
    ['auto', 'open', true],
    ['notify', 'open', false],
    ['ask', 'waiting', false],
  ] as const)('under %s are %s, and mended without asking: %s', (policy, state, isMended) => {
    const {findings} = found(policy)
    expect(findings[0]?.state).toBe(state)
    expect(nextToMend(findings) !== undefined).toBe(isMended)
  })

  it('are mended once approved, whatever the policy', () => {
    const [finding] = found('ask').findings
    const approved = {...finding!, state: 'approved' as const}
    expect(nextToMend([approved])).toBe(approved)
    expect(reconcile([approved], [altered], under('ask')).findings[0]?.state).toBe('approved')
  })

  it('stay as a person left them', () => {
    const [finding] = found('auto').findings
    const denied = {...finding!, state: 'denied' as const}
    const {findings} = reconcile([denied], [altered], under('auto'))
    expect(nextToMend(findings)).toBeUndefined()
  })

  it('that a pull mends wait for one that is too big, and what was approved comes first', () => {
    const tooBig: Observation = {...altered, kind: 'pull_too_big', subject: ''}
    const {findings} = reconcile([], [altered, tooBig], under('auto'))
    expect(nextToMend(findings)).toBeUndefined()
    const approved = findings.map((finding) =>
      finding.kind === 'pull_too_big' ? {...finding, state: 'approved' as const} : finding,
    )
    expect(nextToMend(approved)?.kind).toBe('pull_too_big')
  })

  it('that only a person can mend are never tried', () => {
    const {findings} = reconcile([], [{...altered, action: null}], under('auto'))
    expect(nextToMend(findings)).toBeUndefined()
  })

  it('are given up after three attempts in vain', () => {
    let [finding] = found('auto').findings
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(nextToMend([finding!])).toBeDefined()
      finding = afterVainAttempt(finding!)
    }
    expect(finding).toMatchObject({state: 'broken', attempts: 3})
    expect(nextToMend([finding!])).toBeUndefined()
  })

  it('ask again after an approved attempt in vain', () => {
    const [finding] = found('ask').findings
    expect(afterVainAttempt({...finding!, state: 'approved'}).state).toBe('waiting')
  })
})
