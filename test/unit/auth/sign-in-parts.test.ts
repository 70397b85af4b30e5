import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {browserCommand} from '../../../src/lib/adapters/browser.js'
import {pickToken, type PersonalToken} from '../../../src/lib/auth/tokens.js'
import {environmentForOthers} from '../../../src/lib/config/env.js'

describe('browserCommand', () => {
  it.each(['linux', 'darwin', 'win32', 'freebsd'] as const)(
    'on %s passes the address as one argument, whatever it holds',
    (platform) => {
      const hostile = 'http://127.0.0.1:1/?state=$(touch /tmp/x)&b=`id`;c="d\' e'
      const [program, args] = browserCommand(hostile, platform)
      expect(program).not.toMatch(/sh$|cmd|powershell/)
      expect(args.at(-1)).toBe(new URL(hostile).href)
      expect(args.filter((argument) => argument.includes('touch'))).toHaveLength(1)
    },
  )
})

describe('environmentForOthers', () => {
  it('has all but the token', () => {
    expect(environmentForOthers({PATH: '/bin', AGNES_TOKEN: 'hush', EMPTY: undefined})).toEqual({
      PATH: '/bin',
    })
  })
})

describe('pickToken', () => {
  const token = (
    id: string,
    name: string,
    state: PersonalToken['state'] = 'active',
  ): PersonalToken => ({
    ...{id, name, state, prefix: id.slice(0, 8), createdAt: null, expiresAt: null},
    ...{lastUsedAt: null, revokedAt: null, surface: null, isCurrent: false},
  })

  it('means the valid one of several that share a name', () => {
    const tokens = [token('aaaa1111', 'job', 'revoked'), token('bbbb2222', 'job')]
    expect(pickToken(tokens, 'job').id).toBe('bbbb2222')
  })

  it('prefers an id to a name that looks like it', () => {
    const tokens = [token('aaaa1111', 'x'), token('bbbb2222', 'aaaa1111')]
    expect(pickToken(tokens, 'aaaa1111').name).toBe('x')
  })

  it.each(['', '  ', 'aaa', 'AAAA1111'])('finds nothing for %j', (reference) => {
    expect(() => pickToken([token('aaaa1111', 'job')], reference)).toThrow('You have no token')
  })

  it('never picks one of several', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[0-9a-f]{8}$/), {minLength: 1, maxLength: 6})
    fc.assert(
      fc.property(ids, fc.stringMatching(/^[0-9a-f]{4,8}$/), (list, reference) => {
        const tokens = list.map((id) => token(id, 'same'))
        const fits = list.filter((id) => id === reference || id.startsWith(reference))
        if (fits.length === 1 || list.includes(reference))
          expect(pickToken(tokens, reference).id).toBe(
            list.includes(reference) ? reference : fits[0],
          )
        else expect(() => pickToken(tokens, reference)).toThrow()
      }),
    )
  })
})
