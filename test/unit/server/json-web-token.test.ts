import {createHmac} from 'node:crypto'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {signToken, verifyToken, type TokenClaims} from '../../../src/server/auth/json-web-token.js'

const secret = Buffer.from('5'.repeat(64), 'hex')
const claims: TokenClaims = {sub: 'u1', email: 'a@example.com', typ: 'pat', iat: 1000, jti: 't1'}

describe('tokens', () => {
  it('come back as they were signed', () => {
    expect(verifyToken(signToken(claims, secret), secret, 0)).toEqual(claims)
  })

  it('are the ones of RFC 7519: another implementation signs the same', () => {
    const [header = '', payload = '', mark] = signToken(claims, secret).split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'HS256',
      typ: 'JWT',
    })
    expect(createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')).toBe(
      mark,
    )
  })

  it('end at their second, not after it', () => {
    const token = signToken({...claims, exp: 2000}, secret)
    expect(verifyToken(token, secret, 1_999_999)).toBeDefined()
    expect(verifyToken(token, secret, 2_000_000)).toBeUndefined()
  })

  it('are refused when any character is changed', () => {
    const token = signToken(claims, secret)
    fc.assert(
      fc.property(fc.nat(token.length - 2), fc.constantFrom(...'AZaz09-_.'), (at, letter) => {
        if (token[at] === letter) return
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        expect(verifyToken(changed, secret, 0)).toBeUndefined()
      }),
    )
  })

  it('are refused under another secret, another algorithm, or with claims that are none', () => {
    const sign = (header: object, payload: unknown) => {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const signed = `${part(header)}.${part(payload)}`
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
    }
    expect(verifyToken(sign({alg: 'HS256'}, claims), secret, 0)).toEqual(claims)
    expect(verifyToken(signToken(claims, secret), Buffer.alloc(32), 0)).toBeUndefined()
    for (const alg of ['none', 'HS512', 'RS256', undefined])
      expect(verifyToken(sign({alg}, claims), secret, 0)).toBeUndefined()
    for (const payload of [
      null,
      'x',
      [],
      {...claims, typ: 'root'},
      {...claims, sub: 1},
      {...claims, exp: 'soon'},
    ])
      expect(verifyToken(sign({alg: 'HS256'}, payload), secret, 0)).toBeUndefined()
  })

  it('are read from anything without failing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(verifyToken(text, secret, 0)).toBeUndefined()
      }),
    )
  })
})
