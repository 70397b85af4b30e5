import {scrypt, timingSafeEqual} from 'node:crypto'
import type {Random} from '../../lib/ports/random.js'

const COST = {N: 16_384, r: 8, p: 1}
const KEY_BYTES = 32

/** `scrypt$N$r$p$salt$hash`, so that the cost can grow without breaking stored passwords. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.hex(16)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt, key.toString('hex')].join('$')
}

export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, n, r, p, salt, hash] = stored.split('$')
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined) return false
  const key = await derive(password, salt, {N: Number(n), r: Number(r), p: Number(p)})
  const expected = Buffer.from(hash, 'hex')
  return key.length === expected.length && timingSafeEqual(key, expected)
}

/** What checking a password costs, for an account that has none: time must not tell which exist. */
export async function spendPasswordTime(password: string): Promise<void> {
  await derive(password, 'no such account', COST)
}

function derive(password: string, salt: string, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, cost, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  )
}
