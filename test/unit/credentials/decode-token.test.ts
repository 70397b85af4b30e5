import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {decodeToken} from '../../../src/lib/credentials/decode-token.js'

const jwt = (claims: unknown) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`

describe('decodeToken', () => {
  it('reads e-mail and expiry', () => {
    expect(decodeToken(jwt({email: 'ana@example.com', exp: 1_800_000_000}))).toEqual({
      email: 'ana@example.com',
      expiresAt: '2027-01-15T08:00:00.000Z',
    })
  })

  it.each([
    ['no claims', jwt({})],
    ['claims of the wrong type', jwt({email: 5, exp: 'soon'})],
    ['a date past the end of time', jwt({exp: 1e300})],
    ['null claims', jwt(null)],
    ['two segments', 'a.b'],
    ['not a token', 'secret'],
    ['nothing', ''],
  ])('answers "unknown" for %s', (_name, token) => {
    expect(decodeToken(token)).toEqual({email: null, expiresAt: null})
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), (junk, claims) => {
        decodeToken(junk)
        decodeToken(`a.${Buffer.from(claims).toString('base64url')}.c`)
      }),
    )
  })
})
