import type {Observation, ServerStatus} from '../model.js'

/** A server that stays away this long is worth a finding. */
const UNREACHABLE_MS = 15 * 60_000
const TOKEN_MS = 7 * 86_400_000

/** What concerns every workspace of a server, and is told once for all of them. */
export function senseServer(
  {origin, error}: Pick<ServerStatus, 'origin' | 'error'>,
  {nowMs, tokenEndsAt}: {nowMs: number; tokenEndsAt: string | null},
): Observation[] {
  const found: Observation[] = []
  if (error && nowMs - Date.parse(error.since) >= UNREACHABLE_MS)
    found.push({
      kind: 'server_unreachable',
      subject: '',
      message: `${origin} has not answered since ${error.since}: ${error.message}`,
      action: null,
    })
  if (tokenEndsAt !== null && Date.parse(tokenEndsAt) - nowMs <= TOKEN_MS)
    found.push({
      kind: 'token_expiring',
      subject: '',
      message: `The token for ${origin} ends on ${tokenEndsAt.slice(0, 10)}. Renew it: agnes auth login`,
      action: null,
    })
  return found
}
