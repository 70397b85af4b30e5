import {z} from 'zod/mini'

/** Answers of the sign-in and token endpoints; what a server adds is ignored, what it lacks is null. */
const text = z.string().check(z.minLength(1))
const time = z._default(z.nullable(z.string()), null)

export const SessionAnswer = z.object({access_token: text, email: z.optional(z.string())})

export const ExchangeAnswer = z.object({
  token: text,
  email: z.optional(z.string()),
  expires_at: time,
})

export const NewTokenAnswer = z.object({
  id: text,
  name: z.string(),
  prefix: z._default(z.string(), ''),
  token: text,
  expires_at: time,
})

export const TokenItem = z.object({
  id: text,
  name: z._default(z.string(), ''),
  prefix: z._default(z.string(), ''),
  created_at: time,
  expires_at: time,
  last_used_at: time,
  revoked_at: time,
  /** From 0.84.8: `all`, or `stack` for the tables of the person's own stack only. */
  surface: z._default(z.nullable(z.string()), null),
})
export const TokenItems = z.array(TokenItem)

export const EffectiveAccess = z.object({
  is_admin: z.boolean(),
  items: z.array(
    z.object({via_groups: z._default(z.array(z.object({group_name: z.string()})), [])}),
  ),
})
