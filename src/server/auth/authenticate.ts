import {timingSafeEqual} from 'node:crypto'
import type {Clock} from '../../lib/ports/clock.js'
import {ApiError} from '../api-error.js'
import type {Caller} from '../route-deps.js'
import type {TokenRow, UserRow} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {naiveIso, parseTime} from '../times.js'
import {verifyToken, type TokenClaims} from './json-web-token.js'
import {hashToken} from './token-issuer.js'

export interface Authenticator {
  /** Who sent this header; `ApiError` 401 with the contract's texts (1.3) when nobody we know. */
  authenticate(authorization: string | undefined, ip: string): Caller
  /** Tokens used since the last call, for the disk. */
  takeUsedTokens(): Set<string>
}

export function createAuthenticator(deps: {
  state: SystemState
  secret: Buffer
  clock: Clock
}): Authenticator {
  const {state, secret, clock} = deps
  const used = new Set<string>()

  return {
    authenticate(authorization, ip) {
      const token = bearer(authorization)
      const claims = verifyToken(token, secret, clock.now())
      if (!claims) throw new ApiError(401, 'Invalid or expired token')
      if (claims.typ === 'pat') {
        const row = personalToken(claims, token)
        state.touchToken(row, naiveIso(clock.now()), ip)
        used.add(row.id)
      }
      return toCaller(activeUser(claims), claims)
    },
    takeUsedTokens() {
      const taken = new Set(used)
      used.clear()
      return taken
    },
  }

  function personalToken(claims: TokenClaims, token: string): TokenRow {
    const row = state.get('tokens', claims.jti)
    if (!row) throw new ApiError(401, 'Token unknown')
    if (row.revokedAt !== null) throw new ApiError(401, 'Token revoked')
    if (row.expiresAt !== null && parseTime(row.expiresAt) <= clock.now())
      throw new ApiError(401, 'Token expired')
    if (row.userId !== claims.sub || !isSameHash(row.tokenHash, hashToken(token)))
      throw new ApiError(401, 'Token mismatch')
    return row
  }

  function activeUser(claims: TokenClaims): UserRow {
    const user = state.get('users', claims.sub)
    if (!user) throw new ApiError(401, 'User not found')
    if (!user.active) throw new ApiError(401, 'Account deactivated')
    return user
  }

  function toCaller(user: UserRow, claims: TokenClaims): Caller {
    return {
      userId: user.id,
      email: user.email,
      name: user.name,
      isAdmin: state.isAdmin(user.id),
      groupIds: [...state.groupIdsOf(user.id)].sort(),
      tokenKind: claims.typ,
      tokenId: claims.jti,
    }
  }
}

/** `Bearer `, spelled exactly so, then the token; a second blank belongs to the token. */
function bearer(authorization: string | undefined): string {
  const token = authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : ''
  if (token === '') throw new ApiError(401, 'Missing or invalid Authorization header')
  return token
}

function isSameHash(stored: string, actual: string): boolean {
  const [a, b] = [Buffer.from(stored), Buffer.from(actual)]
  return a.length === b.length && timingSafeEqual(a, b)
}
