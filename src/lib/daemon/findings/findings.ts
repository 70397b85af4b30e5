import {createHash} from 'node:crypto'
import type {Finding, FindingKind, Observation, Policy} from '../model.js'

/** What becomes of observations: pure. */

/** Mending that did not help this often stops, and a person is told. */
const MAX_ATTEMPTS = 3

export interface Reconciled {
  /** All of the workspace that stand now. */
  findings: Finding[]
  /** To be told once: new ones. */
  news: Finding[]
  /** They are not there any more. */
  gone: Finding[]
}

/** @param known of this workspace; @param now ISO 8601 */
export function reconcile(
  known: readonly Finding[],
  seen: readonly Observation[],
  {
    workspace,
    policies,
    now,
  }: {workspace: string; policies: Readonly<Record<FindingKind, Policy>>; now: string},
): Reconciled {
  const before = new Map(known.map((finding) => [finding.id, finding]))
  const findings: Finding[] = []
  const news: Finding[] = []
  for (const observation of seen) {
    const policy = policies[observation.kind]
    if (policy === 'off') continue
    const id = findingId(workspace, observation)
    const old = before.get(id)
    before.delete(id)
    const finding: Finding = old
      ? {...old, ...observation, policy, state: stateUnder(policy, old)}
      : {
          ...observation,
          id,
          workspace,
          policy,
          state: policy === 'ask' ? 'waiting' : 'open',
          since: now,
          attempts: 0,
        }
    if (findings.some((other) => other.id === id)) continue
    findings.push(finding)
    if (!old) news.push(finding)
  }
  return {findings, news, gone: [...before.values()]}
}

/** A decision of a person stands; a policy that has changed since is followed. */
function stateUnder(policy: Policy, old: Finding): Finding['state'] {
  if (old.state === 'open' && policy === 'ask') return 'waiting'
  if (old.state === 'waiting' && policy !== 'ask') return 'open'
  return old.state
}

/**
 * What is to be mended next, without anybody being asked: what somebody waits for first. While a pull is
 * too big and not approved, nothing that is mended by a pull is next: it would be refused, or bring it.
 */
export function nextToMend(findings: readonly Finding[]): Finding | undefined {
  const mendable = findings.filter(({action}) => action !== null)
  const approved = mendable.find(({state}) => state === 'approved')
  if (approved) return approved
  const isPullHeld = findings.some(({kind}) => kind === 'pull_too_big')
  return mendable.find(
    ({action, policy, state}) =>
      policy === 'auto' && state === 'open' && !(isPullHeld && action?.[0] === 'pull'),
  )
}

/** After an action, when the finding is still there. */
export function afterVainAttempt(finding: Finding): Finding {
  const attempts = finding.attempts + 1
  if (attempts >= MAX_ATTEMPTS) return {...finding, attempts, state: 'broken'}
  // One approval is for one try.
  return {...finding, attempts, state: finding.policy === 'ask' ? 'waiting' : finding.state}
}

function findingId(workspace: string, {kind, subject}: Observation): string {
  return createHash('sha256').update(`${workspace}\0${kind}\0${subject}`).digest('hex').slice(0, 8)
}
