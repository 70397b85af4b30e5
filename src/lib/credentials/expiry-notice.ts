import {z} from 'zod/mini'
import type {Env} from '../config/env.js'
import {AgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import {decodeToken} from './decode-token.js'

const PATH = 'token-notices.json'
const DAY_MS = 86_400_000
/** Origin to the UTC day of the last notice. */
const Told = z.record(z.string(), z.string())

/**
 * Tells, once a UTC day and server, that a token ends within `env.renewDays` days. A token that has ended
 * is left to the server, which says so itself.
 */
export async function expiryNotice(
  around: {env: Env; clock: Clock; config: Files; token: string; origin: string},
  tell: (message: string) => void,
): Promise<void> {
  const {env, clock, config, token, origin} = around
  const {expiresAt} = decodeToken(token)
  const now = clock.now()
  const leftMs = expiresAt === null ? Infinity : Date.parse(expiresAt) - now
  if (leftMs <= 0 || leftMs > env.renewDays * DAY_MS) return
  const today = new Date(now).toISOString().slice(0, 10)
  const told = readTold(await config.readText(PATH))
  if (told[origin] === today) return
  const text = JSON.stringify({...told, [origin]: today}, null, 2) + '\n'
  await config.writeAtomic(PATH, text, {isDurable: false}).catch((error: unknown) => {
    // Settings that nobody may write to cost a notice with every command, and not the command.
    if (!(error instanceof AgnesError)) throw error
  })
  tell(
    `Your token for ${origin} ends in ${wait(leftMs)}, on ${expiresAt?.slice(0, 10)}. ` +
      `Renew it: agnes auth login --server-url ${origin}`,
  )
}

/** A file that cannot be read costs one notice too many. */
function readTold(text: string | undefined): Record<string, string> {
  try {
    return Told.parse(JSON.parse(text ?? '{}'))
  } catch {
    return {}
  }
}

function wait(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  return days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`
}
