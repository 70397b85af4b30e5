import {expect, it} from 'vitest'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {AskServer} from '../../../src/lib/discovery/ask-server.js'
import {AuthError} from '../../../src/lib/errors.js'
import type {SecretStore} from '../../../src/lib/ports/secret-store.js'
import {FakeClock} from '../../support/fake-clock.js'
import {MemorySecretStore} from '../../support/memory-secret-store.js'
import {startTestServer} from '../../support/test-server.js'

const silent: SecretStore = {
  kind: 'keychain',
  get: () => Promise.reject(new AuthError('It is silent.', {code: 'keychain_unavailable'})),
  set: () => expect.fail(),
  delete: () => expect.fail(),
}

it('asks with the token of the next store where a keychain is silent', async () => {
  const server = await startTestServer()
  const {origin} = server
  server.json('/api/v2/catalog', {tables: []})
  const store = new MemorySecretStore()
  await store.set(origin, {token: 'secret', email: 'ana@example.com'})
  const options = {workspace: null, isOffline: false}
  const asked = await AskServer.open(origin, options, {
    clock: new FakeClock(),
    secrets: async () => [silent, store],
    http: async () => new GotHttpClient({origin, token: 'secret', userAgent: 'test'}),
  })
  const question = {path: '/api/v2/catalog', cacheKey: 'catalog'}
  const {body} = await asked.ask(question, new AbortController().signal)
  expect(body).toEqual({tables: []})
})
