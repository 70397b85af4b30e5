import {expect, it} from 'vitest'
import {tokenExpiry} from '../../../src/lib/credentials/token-expiry.js'
import {AuthError} from '../../../src/lib/errors.js'
import type {SecretStore} from '../../../src/lib/ports/secret-store.js'
import {MemorySecretStore} from '../../support/memory-secret-store.js'

const ORIGIN = 'https://agnes.example.com'
const token = `e30.${Buffer.from('{"exp":1800000000}').toString('base64url')}.c2ln`
const silent: SecretStore = {
  kind: 'keychain',
  get: () => Promise.reject(new AuthError('It is silent.', {code: 'keychain_unavailable'})),
  set: () => expect.fail(),
  delete: () => expect.fail(),
}

it('says when the stored token ends, and nothing where nobody knows', async () => {
  const store = new MemorySecretStore()
  const ends = (...stores: SecretStore[]) => tokenExpiry({secrets: async () => stores}, ORIGIN)
  expect(await ends(store)).toBeNull()
  await store.set(ORIGIN, {token, email: ''})
  expect(await ends(store)).toBe('2027-01-15T08:00:00.000Z')
  expect(await ends(silent, store)).toBe('2027-01-15T08:00:00.000Z')
})

it('fails nothing where a keychain is silent', async () => {
  expect(await tokenExpiry({secrets: async () => [silent]}, ORIGIN)).toBeNull()
})
