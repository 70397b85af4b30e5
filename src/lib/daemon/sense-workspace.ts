import type {HookState} from '../hooks/hook-state.js'
import type {Files} from '../ports/files.js'
import {readLastPush} from '../push/last-push.js'
import {listSnapshots} from '../snapshot/list-snapshots.js'
import type {DaemonSettings} from './daemon-settings.js'
import type {Observation} from './model.js'

export interface WorkspaceFacts {
  /** The workspace. */
  files: Files
  nowMs: number
  settings: DaemonSettings
  /** End of the token for its server, ISO 8601; `null` when unknown or far away. */
  tokenEndsAt: string | null
  server: string
}

const DAY_MS = 86_400_000
const TOKEN_DAYS = 7

/** What else may need a hand: snapshots, uploads, disk and token. */
export async function senseWorkspace(facts: WorkspaceFacts): Promise<Observation[]> {
  const found = await Promise.all([expired(facts), waitingPush(facts), lowDisk(facts)])
  return [...found.flat(), ...expiringToken(facts)]
}

async function expired({files, nowMs}: WorkspaceFacts): Promise<Observation[]> {
  const snapshots = await listSnapshots(files, nowMs)
  return snapshots
    .filter(({isExpired}) => isExpired)
    .map(({name, expiresAt}) => ({
      kind: 'snapshot_expired',
      subject: name,
      message: `The snapshot ${name} was to be kept until ${expiresAt}.`,
      action: ['snapshot', 'prune', '--expired'],
    }))
}

async function waitingPush({files}: WorkspaceFacts): Promise<Observation[]> {
  const last = await readLastPush({workspace: files})
  if (!last || last.exitCode === 0) return []
  const message = `Transcripts wait to be sent: ${last.message ?? `the last push ended with ${last.exitCode}`}`
  return [{kind: 'push_waiting', subject: '', message, action: ['push', '--quiet']}]
}

async function lowDisk({files, settings}: WorkspaceFacts): Promise<Observation[]> {
  const free = await files.freeBytes()
  if (free >= settings.freeBytesFloor) return []
  const message = `Only ${free} bytes are free; nothing is fetched below ${settings.freeBytesFloor}.`
  return [{kind: 'disk_low', subject: '', message, action: null}]
}

function expiringToken({tokenEndsAt, nowMs, server}: WorkspaceFacts): Observation[] {
  if (tokenEndsAt === null || Date.parse(tokenEndsAt) - nowMs > TOKEN_DAYS * DAY_MS) return []
  const message = `The token for ${server} ends on ${tokenEndsAt.slice(0, 10)}. Renew it: agnes auth login`
  return [{kind: 'token_expiring', subject: '', message, action: null}]
}

/** Hooks that were taken out on purpose are no finding. */
export function senseHooks({state, reason}: Pick<HookState, 'state' | 'reason'>): Observation[] {
  if (state === 'active' || state === 'absent') return []
  const action = state === 'altered' ? ['hooks', 'install'] : null
  return [
    {kind: 'hooks_altered', subject: state, message: reason ?? 'The hooks do not run.', action},
  ]
}
