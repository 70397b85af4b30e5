import {expect, it} from 'vitest'
import type {PersonalToken} from '../../../src/lib/auth/tokens.js'
import {newTokenText, revokedText, tokensText} from '../../../src/lib/present/auth-text.js'

const terminal = {isTty: true, hasColor: false, columns: 100}
const ESCAPE = '\u001b]0;owned\u0007\u001b[2J'

it('prints nothing that a server put into an id or a name', () => {
  const token: PersonalToken = {
    id: `1${ESCAPE}2`,
    name: `n${ESCAPE}m`,
    prefix: '1',
    ...{createdAt: null, expiresAt: null, lastUsedAt: null, revokedAt: null},
    ...{state: 'active', surface: null, isCurrent: false},
  }
  const texts = [
    tokensText({tokens: [token]}, terminal),
    newTokenText({...token, token: `t${ESCAPE}`}, terminal),
    revokedText({token, wasRevoked: false}, terminal),
    revokedText({token, wasRevoked: true}, terminal),
  ]
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  for (const text of texts) expect(text).not.toMatch(/[\u0007\u001b]/)
})
