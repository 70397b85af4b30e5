import {createHash} from 'node:crypto'
import type {Clock} from '../../lib/ports/clock.js'
import type {Random} from '../../lib/ports/random.js'
import type {TokenRow, UserRow} from '../state/rows.js'
import {naiveIso} from '../times.js'
import {signToken, type TokenClaims} from './json-web-token.js'

const SESSION_SECONDS = 24 * 3600

export interface IssuedToken {
  /** Shown once, never stored. */
  token: string
  row: TokenRow
}

/** Makes tokens. A personal access token is a JWT backed by a row that can revoke it. */
export class TokenIssuer {
  constructor(
    private readonly secret: Buffer,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  session(user: UserRow): string {
    const iat = Math.floor(this.clock.now() / 1000)
    return signToken(
      {
        sub: user.id,
        email: user.email,
        typ: 'session',
        iat,
        jti: this.random.hex(16),
        exp: iat + SESSION_SECONDS,
      },
      this.secret,
    )
  }

  personal(
    user: UserRow,
    options: {name: string; scope: string; seconds: number | null},
  ): IssuedToken {
    const now = this.clock.now()
    const id = uuid(this.random)
    const claims: TokenClaims = {
      sub: user.id,
      email: user.email,
      typ: 'pat',
      iat: Math.floor(now / 1000),
      jti: id,
      scope: options.scope,
    }
    if (options.seconds !== null) claims.exp = Math.floor(now / 1000) + options.seconds
    const token = signToken(claims, this.secret)
    return {
      token,
      row: {
        id,
        userId: user.id,
        name: options.name,
        tokenHash: hashToken(token),
        scope: options.scope,
        createdAt: naiveIso(now),
        expiresAt: options.seconds === null ? null : naiveIso(now + options.seconds * 1000),
        lastUsedAt: null,
        lastUsedIp: null,
        revokedAt: null,
      },
    }
  }
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A random version 4 UUID. */
export function uuid(random: Random): string {
  const hex = random.hex(16)
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3)
  const text = `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
