import {createHmac, timingSafeEqual} from 'node:crypto'

/**
 * HS256 JSON Web Tokens, and nothing else of that world: one algorithm, one secret, checked by
 * constant-time comparison before a byte of the claims is believed (docs/decisions).
 */
export interface TokenClaims {
  sub: string
  email: string
  typ: 'session' | 'pat'
  /** Seconds since 1970. */
  iat: number
  jti: string
  /** Seconds since 1970; absent when the token never expires by itself. */
  exp?: number
  scope?: string
}

const HEADER = encode({alg: 'HS256', typ: 'JWT'})
const MAX_LENGTH = 8192

export function signToken(claims: TokenClaims, secret: Buffer): string {
  const signed = `${HEADER}.${encode(claims)}`
  return `${signed}.${signature(signed, secret).toString('base64url')}`
}

/** The claims of a token we signed that has not expired; `undefined` for anything else. */
export function verifyToken(token: string, secret: Buffer, nowMs: number): TokenClaims | undefined {
  const parts = token.length > MAX_LENGTH ? [] : token.split('.')
  const [header, payload, mark] = parts
  if (parts.length !== 3 || header === undefined || payload === undefined || !mark) return undefined
  const given = Buffer.from(mark, 'base64url')
  const expected = signature(`${header}.${payload}`, secret)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  if ((decode(header) as {alg?: unknown} | undefined)?.alg !== 'HS256') return undefined
  const claims = decode(payload)
  if (!isClaims(claims)) return undefined
  return claims.exp !== undefined && claims.exp * 1000 <= nowMs ? undefined : claims
}

function isClaims(value: unknown): value is TokenClaims {
  if (typeof value !== 'object' || value === null) return false
  const claims = value as Partial<Record<keyof TokenClaims, unknown>>
  return (
    typeof claims.sub === 'string' &&
    typeof claims.jti === 'string' &&
    (claims.typ === 'session' || claims.typ === 'pat') &&
    (claims.exp === undefined || typeof claims.exp === 'number')
  )
}

function signature(signed: string, secret: Buffer): Buffer {
  return createHmac('sha256', secret).update(signed).digest()
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
