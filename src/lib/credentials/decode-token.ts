/** What a token says about itself. Nothing is verified: only the server can do that. */
export interface TokenFacts {
  /** `null` when the token does not say. */
  email: string | null
  /** ISO 8601; `null` when the token itself names no end (the server may still have one). */
  expiresAt: string | null
}

const LAST_DATE_SECONDS = 8_640_000_000_000

/** Reads e-mail and expiry from an unverified JWT; anything else yields nulls, never an error. */
export function decodeToken(token: string): TokenFacts {
  const claims = claimsOf(token)
  const {email, exp} = claims
  const isDate =
    typeof exp === 'number' && Number.isFinite(exp) && Math.abs(exp) <= LAST_DATE_SECONDS
  return {
    email: typeof email === 'string' && email !== '' ? email : null,
    expiresAt: isDate ? new Date(exp * 1000).toISOString() : null,
  }
}

/** Which token it is, as it says itself: its id on the server and whether it is a session. */
export function tokenIdentity(token: string): {
  id: string | null
  kind: 'session' | 'personal' | null
} {
  const {jti, typ} = claimsOf(token)
  return {
    id: typeof jti === 'string' && jti !== '' ? jti : null,
    kind: typ === 'session' ? 'session' : typ === 'pat' ? 'personal' : null,
  }
}

function claimsOf(token: string): Record<string, unknown> {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return {}
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
  } catch {
    // Not a JWT; tokens are opaque to us.
    return {}
  }
}
